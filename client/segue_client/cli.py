"""The command line: `segue recommend 5 15 1249`, for people and for scripts."""

import io
import sys
from typing import Unpack

import click

from segue.v1.catalog_service_pb2 import GetSongResponse, ListGenresResponse
from segue.v1.engine_service_pb2 import ListEnginesResponse
from segue_client import tables
from segue_client.flags import (
    RECOMMEND,
    SIMILAR,
    RecommendFlags,
    SimilarFlags,
    a_count,
    a_text,
    an_id,
    recommend_options,
    similar_options,
    with_options,
)
from segue_client.session import Session, note, remark

HOW_MANY = click.option(
    "-k", type=a_count, default="0", metavar="N", help="How many songs, 100 at most; 0 is 10."
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 success, 2 invalid usage or request, 3 not found, 4 server unavailable, "
    "5 timeout, 1 any other failure.",
)
@click.option(
    "--server",
    default="localhost:50051",
    show_default=True,
    envvar="SEGUE_SERVER",
    show_envvar=True,
    metavar="HOST:PORT",
    help="The gRPC server, or Envoy in front of it.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for an answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of tables.")
@click.version_option(package_name="segue-client", prog_name="segue")
@click.pass_context
def main(context: click.Context, server: str, timeout: float, as_json: bool) -> None:
    """Ask Segue for songs: what to listen to next, and what it knows of them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter shows another one in its place.
            stream.reconfigure(errors="replace")
    context.obj = Session(server, timeout, as_json)


@main.command()
@click.argument("songs", nargs=-1, type=an_id, metavar="[SONG_ID]...")
@HOW_MANY
@with_options(RECOMMEND)
@click.pass_obj
def recommend(
    session: Session, songs: tuple[int, ...], k: int, **flags: Unpack[RecommendFlags]
) -> None:
    """Recommend songs to a listener of the songs given.

    Without songs, the most popular ones. Options marked * can be given many times.
    """
    with session.client() as client:
        answer = client.recommend(songs, k, **recommend_options(flags))
    session.show(answer, tables.recommendations(answer))
    if answer.unknown_songs:
        note(f"unknown songs, ignored: {', '.join(map(str, answer.unknown_songs))}")
    remark(answer, k)


@main.command()
@click.argument("song_id", type=an_id)
@HOW_MANY
@with_options(SIMILAR)
@click.pass_obj
def similar(session: Session, song_id: int, k: int, **flags: Unpack[SimilarFlags]) -> None:
    """Find the songs most similar to one song.

    Options marked * can be given many times.
    """
    with session.client() as client:
        answer = client.similar(song_id, k, **similar_options(flags))
    session.show(answer, tables.recommendations(answer))
    remark(answer, k)


@main.command()
@click.argument("query", type=a_text)
@click.option("--page-size", type=a_count, default="0", metavar="N", help="How many; 0 is 20.")
@click.option("--page-token", default="", metavar="TOKEN", help="From the page before.")
@click.pass_obj
def search(session: Session, query: str, page_size: int, page_token: str) -> None:
    """Search songs by words, or their beginnings, of title, artist and album."""
    with session.client() as client:
        page = client.search_page(query, page_size, page_token)
    session.show(page, tables.table(tables.SONG, page.songs))
    if page.next_page_token:
        note(f"there are more: --page-token {page.next_page_token}")
    elif not page.songs:
        note("no song was found")


@main.command()
@click.argument("song_id", type=an_id)
@click.pass_obj
def song(session: Session, song_id: int) -> None:
    """Show all that is known of a song."""
    with session.client() as client:
        found = client.song(song_id)
    session.show(GetSongResponse(song=found), tables.facts(found))


@main.command()
@click.pass_obj
def genres(session: Session) -> None:
    """List the genres."""
    with session.client() as client:
        answer = ListGenresResponse(genres=client.genres())
    session.show(answer, tables.table(tables.GENRE, answer.genres))


@main.command()
@click.pass_obj
def engines(session: Session) -> None:
    """List who can rank, whether they can now, what they are asked and how they do.

    Counts are of the server process that answers, since it put the engine to use.
    """
    with session.client() as client:
        answer = ListEnginesResponse(engines=client.engines())
    columns = (tables.ENGINE, tables.TRAFFIC)
    session.show(answer, *(tables.table(part, answer.engines) for part in columns))
