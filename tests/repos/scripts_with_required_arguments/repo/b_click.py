import click


@click.command()
@click.argument("source")
@click.argument("rest", nargs=-1)
@click.option("--model", required=True)
def main(source, rest, model):
    click.echo(source)


if __name__ == "__main__":
    main()
