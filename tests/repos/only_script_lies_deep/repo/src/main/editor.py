import winreg

if __name__ == "__main__":
    print(winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, "SOFTWARE"))
