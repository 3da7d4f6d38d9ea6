def axes():
    return 3
