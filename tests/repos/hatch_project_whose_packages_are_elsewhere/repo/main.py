from src import cut
