from config.logging import FORMAT
