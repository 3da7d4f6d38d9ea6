from subprocess import PIPE, Popen

import numpy


def samples(path):
    process = Popen([
        'ffmpeg', '-loglevel', 'panic', '-i', path,
        '-f', 's16le', '-',
    ], stdout=PIPE)
    return numpy.frombuffer(process.communicate()[0], dtype="int16")
