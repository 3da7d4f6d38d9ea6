import Queue


def waiting():
    return Queue.Queue()
