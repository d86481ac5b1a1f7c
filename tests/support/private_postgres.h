// A private PostgreSQL cluster for tests: its own directory, reachable only over a unix socket in
// it, gone at the end. PostgreSQL never runs as root: under root it runs as the system user
// "postgres". The postmaster is a child of this process and dies with the thread that started it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tests {

class PrivatePostgres {
  public:
    // smart waits for clients, fast disconnects them, immediate leaves the next start a recovery.
    enum class StopMode { smart, fast, immediate };

    PrivatePostgres() = default;
    PrivatePostgres(const PrivatePostgres&) = delete;
    PrivatePostgres& operator=(const PrivatePostgres&) = delete;
    // Stops the server and removes the directory.
    ~PrivatePostgres();

    // initdb in a new directory, then starts the server and waits until it takes connections.
    // `settings` are more "name=value" of postgresql.conf; wal_level=logical and huge_pages=off are
    // set always.
    Status start(const std::vector<std::string>& settings = {});
    Status stop(StopMode mode = StopMode::fast);
    // SIGKILL to the postmaster and all its children at once, as a power cut would.
    Status kill9();
    // Stops it if it runs, and starts it again on the same data.
    Status restart();

    bool is_running() const { return postmaster_ > 0; }
    pid_t pid() const { return postmaster_; }
    // Of a superuser, "gatepost".
    std::string dsn(std::string_view database = "postgres") const;
    // A copy of `template_database`, which nobody may be connected to.
    Status create_database(std::string_view name, std::string_view template_database = "template1");
    Status drop_database(std::string_view name);
    const std::string& directory() const { return directory_; }
    // What the server logged so far.
    std::string log() const;

  private:
    Status launch();

    std::string directory_;
    std::string bindir_;
    std::vector<std::string> settings_;
    pid_t postmaster_ = -1;
};

}  // namespace gatepost::tests
