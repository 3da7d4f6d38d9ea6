from RPi import GPIO

GPIO.setmode(GPIO.BCM)
