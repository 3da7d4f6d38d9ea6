def driver():
    from ctypes import windll

    return windll.LoadLibrary("meter.dll")
