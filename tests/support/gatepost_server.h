// A private PostgreSQL cluster with the schema in a template, so that every test gets a database of
// its own in some tens of milliseconds.
#pragma once

#include <string>
#include <vector>

#include "controlplane/pg/connection.h"
#include "tests/support/private_postgres.h"

namespace gatepost::tests {

class GatepostServer {
  public:
    // See PrivatePostgres::start for `settings`.
    Status start(const std::vector<std::string>& settings = {});
    // Makes a database with the current schema and nothing in it; gives its DSN.
    Result<std::string> new_database();
    // The same, and a connection to it.
    Result<controlplane::Connection> new_connection(std::string* dsn = nullptr);
    PrivatePostgres& postgres() { return postgres_; }

  private:
    PrivatePostgres postgres_;
    int databases_ = 0;
};

}  // namespace gatepost::tests
