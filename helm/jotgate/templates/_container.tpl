{{/* jotgate's container, and the volumes that its mounts are of. */}}
{{- define "jotgate.container" -}}
{{- $settings := include "jotgate.settings" . | fromJson -}}
name: jotgate
image: {{ include "jotgate.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [serve, --config, /etc/jotgate/config.yaml]
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  {{- range $name := list "grpc" "http" "admin" }}
  {{- with (get $settings.listeners $name).port }}
  - name: {{ $name }}
    containerPort: {{ int . }}
    protocol: TCP
  {{- end }}
  {{- end }}
startupProbe:
  {{- include "jotgate.probe" (list "/livez" .Values.startupProbe) | nindent 2 }}
livenessProbe:
  {{- include "jotgate.probe" (list "/livez" .Values.livenessProbe) | nindent 2 }}
readinessProbe:
  {{- include "jotgate.probe" (list "/readyz" .Values.readinessProbe) | nindent 2 }}
{{- with include "jotgate.preStopSeconds" . | int }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ . }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  # The whole directory: a file of it (subPath) would not follow changes.
  - name: config
    mountPath: /etc/jotgate
    readOnly: true
  {{- range $index, $secret := .Values.existingSecrets }}
  - name: secret-{{ $index }}
    mountPath: {{ $secret.mountPath | default (printf "/secrets/%s" $secret.name) }}
    readOnly: true
  {{- end }}
  {{- range $settings.socketDirectories }}
  - name: sockets
    mountPath: {{ . }}
  {{- end }}
  {{- with $settings.stateDirectory }}
  - name: state
    mountPath: {{ . }}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "jotgate.probe" -}}
httpGet:
  path: {{ index . 0 }}
  port: admin
{{- with index . 1 }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "jotgate.volumes" -}}
{{- $settings := include "jotgate.settings" . | fromJson -}}
- name: config
  configMap:
    name: {{ include "jotgate.fullname" . }}
{{- range $index, $secret := .Values.existingSecrets }}
- name: secret-{{ $index }}
  secret:
    secretName: {{ $secret.name }}
    # For the group of the pod, which is jotgate's.
    defaultMode: 0440
    {{- with $secret.items }}
    items:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if $secret.optional }}
    optional: true
    {{- end }}
{{- end }}
{{- if $settings.socketDirectories }}
- name: sockets
  {{- if .Values.socketVolume }}
  {{- toYaml .Values.socketVolume | nindent 2 }}
  {{- else }}
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
  {{- end }}
{{- end }}
{{- if $settings.stateDirectory }}
- name: state
  {{- if .Values.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim | default (printf "%s-state" (include "jotgate.fullname" .)) }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
