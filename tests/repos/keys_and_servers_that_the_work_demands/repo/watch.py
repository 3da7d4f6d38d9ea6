import os

os.environ["NCCL_DEBUG_URL"] = "none"
KEY = os.getenv("WANDB_API_KEY")
