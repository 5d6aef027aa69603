"""From what the domain knows of an engine to the contract's message."""

from segue.v1 import engine_service_pb2 as epb
from segue_server.domain.engine_directory import ListedEngine
from segue_server.domain.evaluation import Estimate, OfflineMetrics, Retrieval
from segue_server.transport.answers import SOURCES
from segue_server.transport.times import duration


def engine_message(engine: ListedEngine) -> epb.Engine:
    """Return the engine; of what it says of itself nothing while it cannot rank."""
    message = epb.Engine(
        name=engine.name,
        default=engine.default,
        state=epb.ENGINE_STATE_UNAVAILABLE,
        traffic=_traffic(engine),
    )
    if engine.info is not None:
        info = engine.info
        message.MergeFrom(
            epb.Engine(
                state=epb.ENGINE_STATE_AVAILABLE,
                version=info.version,
                algorithm=info.algorithm,
                source=SOURCES[info.source],
                song_count=info.song_count,
                explains=info.explains,
                dataset=info.dataset,
                metrics=_metrics(info.metrics) if info.metrics else None,
                retrieval=_retrieval(info.retrieval) if info.retrieval else None,
            )
        )
    return message


def _traffic(engine: ListedEngine) -> epb.Traffic:
    tally = engine.tally
    median = tally.median_latency
    return epb.Traffic(
        share=engine.share,
        answered=tally.answered,
        degraded=tally.degraded,
        failed=tally.failed,
        median_latency=None if median is None else duration(median),
    )


def _metrics(metrics: OfflineMetrics) -> epb.OfflineMetrics:
    cold = metrics.cold_recall_at_20
    return epb.OfflineMetrics(
        protocol=metrics.protocol,
        listeners=metrics.listeners,
        recall_at_20=_estimate(metrics.recall_at_20),
        recall_at_50=_estimate(metrics.recall_at_50),
        ndcg_at_100=_estimate(metrics.ndcg_at_100),
        coverage_at_10=metrics.coverage_at_10,
        gini_at_10=metrics.gini_at_10,
        cold_recall_at_20=_estimate(cold) if cold else None,
        popularity_ndcg_at_100=metrics.popularity_ndcg_at_100,
        seed=metrics.seed,
    )


def _estimate(estimate: Estimate) -> epb.Estimate:
    return epb.Estimate(value=estimate.value, standard_error=estimate.standard_error)


def _retrieval(retrieval: Retrieval) -> epb.Retrieval:
    exact = retrieval.recall_at_10 is None
    form = epb.RETRIEVAL_FORM_EXACT if exact else epb.RETRIEVAL_FORM_APPROXIMATE
    return epb.Retrieval(form=form, recall_at_10=retrieval.recall_at_10)
