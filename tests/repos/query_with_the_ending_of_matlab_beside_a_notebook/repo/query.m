let
    Source = Csv.Document(File.Contents("trimmed.csv"), [Delimiter=",", Columns=10]),
    #"Changed Type" = Table.TransformColumnTypes(Source, {{"Column1", type text}})
in
    #"Changed Type"
