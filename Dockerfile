# syntax=docker/dockerfile:1
# The image of a release; docs/releasing.md says how one is made. Both stages are of the same Debian, so that the
# program finds the C library that it was linked with. To build the same bytes again, name the images by the
# digests that the provenance of the release has.
ARG BUILD_IMAGE=rust:1.95.0-trixie
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian13:nonroot

FROM ${BUILD_IMAGE} AS build
# Writes the list of crates into the program, where scanners of vulnerabilities find it.
RUN cargo install --locked cargo-auditable@0.7.7
WORKDIR /src
COPY . .
# The commit that `jotgate --version` tells: there is no .git here. The epoch is for the allocator, which has the moment
# of its compilation in a message (`__DATE__`): without it no two builds had the same bytes.
ARG COMMIT=unknown
ENV JOTGATE_COMMIT=${COMMIT} \
    SOURCE_DATE_EPOCH=0 \
    CARGO_INCREMENTAL=0 \
    CARGO_PROFILE_RELEASE_DEBUG=0 \
    CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    CARGO_TERM_COLOR=never
RUN cargo auditable build --locked --release --bin jotgate \
    && install -D target/release/jotgate /image/usr/bin/jotgate \
    && install -D --mode=644 LICENSE /image/usr/share/doc/jotgate/LICENSE \
    && install -d /image/etc/jotgate /writable

# The C library, certificate authorities and nothing else: no shell, no package manager.
FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="jotgate" \
      org.opencontainers.image.description="A JWT gate for Envoy, nginx, Traefik and everything built on them" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /
# For Unix sockets and for `server.state_dir`, so that a volume mounted there is theirs who write to it.
COPY --from=build --chown=65532:65532 /writable /run/jotgate
COPY --from=build --chown=65532:65532 /writable /var/lib/jotgate
# As a number: Kubernetes cannot tell that a name is not root.
USER 65532:65532
EXPOSE 9191 9192 9193
ENTRYPOINT ["/usr/bin/jotgate"]
CMD ["serve"]
