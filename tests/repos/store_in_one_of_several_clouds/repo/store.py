def keep(name, place):
    if place.startswith("s3:"):
        import boto3

        return boto3.client("s3").upload_file(name, place, name)
    if place.startswith("gs:"):
        from google.cloud import storage

        return storage.Client().bucket(place).blob(name)
    return name
