def read_options():
    return "coco"
