from streams.names import shown


async def read(name):
    return shown(name)
