// What the command line of `gatepost-load imap` says.
#pragma once

#include <cstdint>
#include <string>

#include "storage/base/error.h"
#include "tools/load/imap/imap_engine.h"

namespace CLI {
class App;
}

namespace gatepost::tools {

struct ImapLoadOptions {
    ImapPlan plan;  // without TLS context
    ImapEngineOptions engine;
    size_t message_size = 4096;  // octets, of what is appended
    std::string run;             // in the Message-IDs; empty: a random one
    int core = -1;
    std::string json;  // path or "-"
    bool quiet = false;
    bool stages = false;  // told on standard error as they begin

    bool uses_tls() const { return plan.implicit_tls || plan.starttls; }
};

// The subcommand `imap`, as CLI11 is to read it.
class ImapCommandLine {
  public:
    // Both live until the words are read.
    explicit ImapCommandLine(CLI::App& app);
    ImapCommandLine(const ImapCommandLine&) = delete;
    ImapCommandLine& operator=(const ImapCommandLine&) = delete;

    // After they were read. Errors are of code usage, or unreachable for a name without address.
    Result<ImapLoadOptions> options();

  private:
    void declare_load(CLI::App& app);
    void declare_connection(CLI::App& app);
    Status read_work();
    Status read_limits();
    Status read_login();

    ImapLoadOptions options_;
    std::string target_;
    std::string operation_;
    std::string mix_;
    std::string duration_;
    std::string timeout_;
    uint64_t seconds_ = 0;
    std::string login_;
    bool no_check_ = false;
};

}  // namespace gatepost::tools
