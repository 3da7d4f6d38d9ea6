import yaml

if __name__ == "__main__":
    print(yaml.safe_load(open("metadata.yaml")))
