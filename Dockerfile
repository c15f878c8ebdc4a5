# syntax=docker/dockerfile:1
# Base images are named by tag: pin them by digest where you build (docker buildx imagetools inspect IMAGE prints it).
FROM rust:1.95-slim-bookworm AS build
# a C compiler, and perl and make for OpenSSL, which is built from its vendored source
RUN apt-get update && apt-get install -y --no-install-recommends build-essential perl && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock askama.toml ./
COPY src src
COPY locales locales
# the manifest names the bench; an image needs none
RUN mkdir benches && echo 'fn main() {}' > benches/judge.rs
RUN cargo build --locked --profile dist

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/gaccong --create-home gaccong \
    && mkdir -p /var/lib/gaccong/data /var/lib/gaccong/snapshots \
    && chown -R gaccong:gaccong /var/lib/gaccong \
    && chmod 700 /var/lib/gaccong/data /var/lib/gaccong/snapshots
COPY --from=build /build/target/dist/gaccong /usr/local/bin/gaccong
USER gaccong
WORKDIR /var/lib/gaccong
VOLUME ["/var/lib/gaccong/data", "/var/lib/gaccong/snapshots"]
# the configuration is mounted at /var/lib/gaccong/targets.yaml; `gaccong health` asks at the address that the service left
# in its data directory, so that it needs the same --data-dir as `watch` where that has one
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["gaccong", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["gaccong"]
CMD ["watch"]
