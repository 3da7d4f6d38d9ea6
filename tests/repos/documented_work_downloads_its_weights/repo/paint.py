import argparse

from diffusers import DiffusionPipeline

parser = argparse.ArgumentParser()
parser.add_argument("--prompt")
DiffusionPipeline.from_pretrained("lab/painter-1")(parser.parse_args().prompt)
