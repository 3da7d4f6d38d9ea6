import machine
from network import LoRa

lora = LoRa(mode=LoRa.LORA)
machine.idle()
