def shown(name):
    return f"<{name}>"
