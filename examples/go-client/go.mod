module thingsdb-lock-go-client

go 1.19
