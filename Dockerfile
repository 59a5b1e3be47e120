# The program with the packages that its lock pins, by an account that may write to its data folder and nowhere else.
FROM python:3.13.9-slim-trixie

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/everfold EVERFOLD_DATA=/var/lib/everfold

WORKDIR /everfold
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.lock

COPY domain ./domain
COPY eventstore ./eventstore
COPY projections ./projections
COPY replay ./replay
COPY bench ./bench
COPY api ./api

RUN python -m compileall -q . \
    && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin everfold \
    && install --directory --owner=everfold --group=everfold --mode=0700 /var/lib/everfold
USER 10001
VOLUME /var/lib/everfold
EXPOSE 8000

ENTRYPOINT ["python", "-m", "api"]
CMD ["run", "--no-follow", "--no-demo", "--host", "0.0.0.0"]
