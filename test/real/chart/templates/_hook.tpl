{{- define "hook" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .release }}-{{ .hook }}
  annotations:
    helm.sh/hook: {{ .hook }}
    helm.sh/hook-delete-policy: {{ .deletePolicy }}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
      - {name: main, image: {{ .image }}, imagePullPolicy: Never, command: [sh, -c, {{ .command | quote }}]}
{{- end -}}
