{{/*
The alerts, as a list under `alerts`. Each names what is wrong, what it means for requests, and where to look.
`tests/chart/alerts_test.yaml` has a case for each that fires and one that does not.
*/}}
{{- define "jotgate.alerts" -}}
{{- $rule := .Values.prometheusRule -}}
{{- $default := printf "job=%q,namespace=%q" .Release.Name .Release.Namespace -}}
{{- $of := $rule.selector | default $default -}}
alerts:
  - alert: JotgateDown
    expr: absent(up{ {{- $of }}} == 1)
    for: 2m
    labels: { severity: critical }
    annotations:
      summary: >-
        No instance of jotgate answers.
      description: >-
        Prometheus reaches no instance. Gateways that ask it refuse every request.
  - alert: JotgateInstanceDown
    expr: up{ {{- $of }}} == 0
    for: 10m
    labels: { severity: warning }
    annotations:
      summary: >-
        An instance of jotgate does not answer.
      description: >-
        {{`Prometheus does not reach {{ $labels.instance }}.`}}
  - alert: JotgateNoKeys
    expr: max by (issuer) (jotgate_keys{ {{- $of }}}) == 0
    for: 5m
    labels: { severity: critical }
    annotations:
      summary: >-
        {{`There are no keys of issuer {{ $labels.issuer }}.`}}
      description: >-
        No instance has a key of it, so every token of it is refused. See `jotgate status`, or `/status`, for what its sources said.
  - alert: JotgateKeysAgeing
    # The second line leaves out issuers whose keys are files or in the configuration: nobody fetches those.
    expr: |-
      (time() - jotgate_keys_last_success_timestamp_seconds{ {{- $of }}}) > {{ $rule.keysAgeSeconds | int64 }}
      and ignoring (outcome) increase(jotgate_key_refresh_total{ {{- $of }},outcome="failed"}[1h]) > 0
    for: 5m
    labels: { severity: warning }
    annotations:
      summary: >-
        {{`The keys of issuer {{ $labels.issuer }} are old.`}}
      description: >-
        {{`{{ $labels.instance }} read them {{ $value | humanizeDuration }} ago. The last good ones are in use; keys that the issuer has withdrawn since are, too.`}}
  - alert: JotgateKeyRefreshFailing
    expr: |-
      sum by (issuer) (increase(jotgate_key_refresh_total{ {{- $of }},outcome="failed"}[30m])) > 3
      unless sum by (issuer) (increase(jotgate_key_refresh_total{ {{- $of }},outcome=~"updated|unchanged"}[30m])) > 0
    for: 5m
    labels: { severity: warning }
    annotations:
      summary: >-
        {{`The keys of issuer {{ $labels.issuer }} cannot be refreshed.`}}
      description: >-
        No refresh succeeded for half an hour. Tokens signed with a new key of the issuer are refused.
  - alert: JotgateUnavailable
    expr: sum by (reason) (rate(jotgate_decisions_total{ {{- $of }},verdict="unavailable",reason!="overloaded"}[5m])) > 0
    for: 2m
    labels: { severity: critical }
    annotations:
      summary: >-
        {{`jotgate cannot decide ({{ $labels.reason }}).`}}
      description: >-
        {{`{{ $value | humanize }} requests a second are refused for a reason that is not theirs.`}}
  - alert: JotgateOverloaded
    expr: sum by (instance) (rate(jotgate_decisions_total{ {{- $of }},reason="overloaded"}[5m])) > 0
    for: 1m
    labels: { severity: critical }
    annotations:
      summary: >-
        An instance of jotgate has more requests than it may take.
      description: >-
        {{`{{ $labels.instance }} turns away {{ $value | humanize }} requests a second. Add instances, or raise limits.concurrent_requests if there is CPU left.`}}
  - alert: JotgateRefusalsRising
    expr: |-
      sum by (reason) (rate(jotgate_decisions_total{ {{- $of }},verdict="deny"}[10m])) >= {{ $rule.refusalsPerSecond }}
      and sum by (reason) (rate(jotgate_decisions_total{ {{- $of }},verdict="deny"}[10m]))
        >= {{ $rule.refusalsFactor }} * sum by (reason) (rate(jotgate_decisions_total{ {{- $of }},verdict="deny"}[1h] offset 10m))
    for: 10m
    labels: { severity: warning }
    annotations:
      summary: >-
        {{`More requests than usual are refused ({{ $labels.reason }}).`}}
      description: >-
        {{`{{ $value | humanize }} a second. A change at the issuer, in a client or in the configuration, or somebody is trying.`}}
  - alert: JotgateReloadRefused
    expr: increase(jotgate_config_reload_total{ {{- $of }},outcome="refused"}[15m]) > 0
    labels: { severity: warning }
    annotations:
      summary: >-
        A new configuration of jotgate was refused.
      description: >-
        {{`{{ $labels.instance }} goes on with the one before; a restart would fail. Its log and /status name the errors.`}}
  - alert: JotgatePanics
    expr: increase(jotgate_panics_total{ {{- $of }}}[1h]) > 0
    labels: { severity: warning }
    annotations:
      summary: >-
        jotgate has a bug.
      description: >-
        {{`{{ $labels.instance }} caught a panic and refused the request. Please report the log's backtrace.`}}
{{- end }}
