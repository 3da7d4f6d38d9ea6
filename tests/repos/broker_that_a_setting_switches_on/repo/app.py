import os

from pymongo import MongoClient

URI = os.getenv("MONGODB_URI", "mongodb://127.0.0.1:27017/")
client = MongoClient(URI) if os.getenv("ENABLE_MONGODB", "false") == "true" else None

if __name__ == "__main__":
    print("kept" if client else "new")
