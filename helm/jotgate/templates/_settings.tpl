{{/*
What the chart has to know of jotgate's configuration, read from it, so that nothing is said twice:
the listeners, how long it drains, where its state is. As JSON; usage:
    $settings := include "jotgate.settings" . | fromJson
*/}}
{{- define "jotgate.settings" -}}
{{- $config := .Values.config | fromYaml -}}
{{- with get $config "Error" -}}
{{- fail (printf "config is not a YAML mapping: %v" .) -}}
{{- end -}}
{{- $server := $config.server | default dict -}}
{{- $listeners := dict -}}
{{- range $name, $default := dict "grpc" "0.0.0.0:9191" "http" "0.0.0.0:9192" "admin" "127.0.0.1:9193" -}}
{{- $listener := get $server $name | default dict -}}
{{- $address := get $listener "listen" | default $default -}}
{{- $parsed := include "jotgate.address" (list $name $address) | fromJson -}}
{{- $tls := get $listener "tls" | default dict -}}
{{- $_ := set $parsed "tls" (not (empty $tls)) -}}
{{- $_ := set $parsed "mtls" (hasKey $tls "client_ca_file") -}}
{{- $_ := set $listeners $name $parsed -}}
{{- end -}}
{{- $sockets := list -}}
{{- range $listeners -}}
{{- if .socket -}}
{{- $sockets = append $sockets (dir .socket) -}}
{{- end -}}
{{- end -}}
{{- $drain := 20000 -}}
{{- if hasKey $server "drain" -}}
{{- $drain = include "jotgate.milliseconds" $server.drain | int -}}
{{- end -}}
{{- dict
      "listeners" $listeners
      "socketDirectories" (uniq $sockets | sortAlpha)
      "drainSeconds" (divf $drain 1000 | ceil | int)
      "stateDirectory" ($server.state_dir | default "")
    | toJson -}}
{{- end }}

{{/* `IP:PORT` or `unix:///path`, taken apart. Usage: include "jotgate.address" (list "grpc" "0.0.0.0:9191") */}}
{{- define "jotgate.address" -}}
{{- $name := index . 0 -}}
{{- $address := index . 1 | toString -}}
{{- $parsed := dict "port" 0 "socket" "" "loopback" false -}}
{{- if hasPrefix "unix:" $address -}}
{{- $_ := set $parsed "socket" (trimPrefix "unix:" $address | trimPrefix "//") -}}
{{- else -}}
{{- $port := regexFind "[0-9]+$" $address | int -}}
{{- if not $port -}}
{{- fail (printf "config: server.%s.listen is %q; in a pod it has to name a port that others can know, as \"0.0.0.0:9191\" does" $name $address) -}}
{{- end -}}
{{- $_ := set $parsed "port" $port -}}
{{- $_ := set $parsed "loopback" (or (hasPrefix "127." $address) (hasPrefix "[::1]" $address) (hasPrefix "localhost:" $address)) -}}
{{- end -}}
{{- $parsed | toJson -}}
{{- end }}

{{/* A duration as jotgate writes it: `20s`, `1m30s`, `500ms`, 0. */}}
{{- define "jotgate.milliseconds" -}}
{{- $total := 0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h|d)" (toString .) -1 -}}
{{- $unit := regexFind "[a-z]+" . -}}
{{- $factor := get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000) $unit -}}
{{- $total = add $total (mul (trimSuffix $unit . | int) $factor) -}}
{{- end -}}
{{- $total -}}
{{- end }}

{{/* Seconds before jotgate is told to end. The kubelet ends a sidecar after the others, so nobody waits there. */}}
{{- define "jotgate.preStopSeconds" -}}
{{- ternary 0 (.Values.preStopSleepSeconds | int) .Values.sidecar.enabled -}}
{{- end }}

{{- define "jotgate.gracePeriodSeconds" -}}
{{- $settings := include "jotgate.settings" . | fromJson -}}
{{- if hasKey .Values "terminationGracePeriodSeconds" -}}
{{- .Values.terminationGracePeriodSeconds | int -}}
{{- else -}}
{{- add (include "jotgate.preStopSeconds" .) $settings.drainSeconds 10 -}}
{{- end -}}
{{- end }}

{{/* The ports of the Services, as a list in JSON under `ports`. */}}
{{- define "jotgate.servicePorts" -}}
{{- $settings := include "jotgate.settings" . | fromJson -}}
{{- $protocols := dict "grpc" .Values.service.grpcAppProtocol "http" .Values.service.httpAppProtocol -}}
{{- $ports := list -}}
{{- range $name := list "grpc" "http" -}}
{{- $listener := get $settings.listeners $name -}}
{{- if and $listener.port (not $listener.loopback) -}}
{{- $ports = append $ports (dict "name" $name "port" (int $listener.port) "targetPort" $name "protocol" "TCP" "appProtocol" (get $protocols $name)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.sidecar.enabled -}}
{{- $ports = concat $ports .Values.sidecar.ports -}}
{{- end -}}
{{- dict "ports" $ports | toJson -}}
{{- end }}
