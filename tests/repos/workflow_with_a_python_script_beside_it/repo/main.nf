process count {
  input: path reads
  output: stdout
  script: "wc -l < $reads"
}

workflow {
  count(channel.fromPath(params.reads)) | view
}
