import magic


def kind(content):
    return magic.from_buffer(content, mime=True)
