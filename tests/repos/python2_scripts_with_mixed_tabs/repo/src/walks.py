import random


def simulate(graph, (first, last)=(0, 0777)):
    if first <> last:
	print >>open("log", "w"), `graph`
        return random.choice(graph)
