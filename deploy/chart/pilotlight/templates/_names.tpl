{{- define "pilotlight.name" -}}
{{- if contains "pilotlight" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-pilotlight" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pilotlight.poolNamespace" -}}
{{ .Values.poolNamespace | default .Release.Namespace }}
{{- end }}

{{- define "pilotlight.workerAccount" -}}
{{ .Values.worker.serviceAccount.name | default (printf "%s-worker" (include "pilotlight.name" .)) }}
{{- end }}

{{- define "pilotlight.apiAccount" -}}
{{ .Values.api.serviceAccount.name | default (printf "%s-api" (include "pilotlight.name" .)) }}
{{- end }}

{{/* Labels of every object. None is under pilotlight.dev/: those keys are for pods of pools. */}}
{{- define "pilotlight.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/name: pilotlight
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The pods of one program: (dict "root" . "component" "worker"). */}}
{{- define "pilotlight.selector" -}}
app.kubernetes.io/name: pilotlight
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* What both programs are told. */}}
{{- define "pilotlight.environment" -}}
- { name: PILOTLIGHT_NAMESPACE, value: {{ include "pilotlight.poolNamespace" . | quote }} }
- { name: PILOTLIGHT_TASK_QUEUE, value: {{ .Values.taskQueue | quote }} }
- { name: PILOTLIGHT_LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
- { name: TEMPORAL_ADDRESS, value: {{ .Values.temporal.address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }} }
{{- with .Values.temporal.tls }}
{{- if or .enabled .secretName }}
- { name: TEMPORAL_TLS, value: 'true' }
{{- end }}
{{- if .serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ .serverName | quote }} }
{{- end }}
{{- if .secretName }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/pilotlight/temporal-tls/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/pilotlight/temporal-tls/tls.key }
{{- if .hasCa }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/pilotlight/temporal-tls/ca.crt }
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.temporal.apiKey }}
{{- if .secretName }}
- name: TEMPORAL_API_KEY
  valueFrom: { secretKeyRef: { name: {{ .secretName }}, key: {{ .key }} } }
{{- end }}
{{- end }}
{{- with .Values.temporal.payloadKeys }}
{{- if .secretName }}
- { name: PILOTLIGHT_PAYLOAD_KEYS_FILE, value: /etc/pilotlight/payload-keys/{{ .key }} }
{{- end }}
{{- end }}
{{- with .Values.tracing }}
{{- if .endpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .endpoint | quote }} }
- { name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio }
- { name: OTEL_TRACES_SAMPLER_ARG, value: {{ .ratio | quote }} }
{{- if .headersSecret.name }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: { secretKeyRef: { name: {{ .headersSecret.name }}, key: {{ .headersSecret.key }} } }
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "pilotlight.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "pilotlight.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "pilotlight.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* One replica a node and zone where there are as many. */}}
{{- define "pilotlight.spread" -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "pilotlight.selector" $ | nindent 6 }}
{{- end }}
{{- end }}
