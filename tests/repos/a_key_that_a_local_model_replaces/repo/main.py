import openai

if __name__ == "__main__":
    print(openai.OpenAI().models.list())
