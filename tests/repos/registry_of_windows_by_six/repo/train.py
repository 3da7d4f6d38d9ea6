import ctypes

from six.moves import range, winreg

KEY = winreg.OpenKey(winreg.HKEY_CURRENT_USER, r"Software\Train")
if __name__ == "__main__":
    for number in range(3):
        print(ctypes.cdll.LoadLibrary("train.dll"), number)
