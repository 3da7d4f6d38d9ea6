import ee


def heights(images):
    return images.map(lambda image: image.select("height"))
