// What the command line of `gatepost-load smtp` says.
#pragma once

#include <cstdint>
#include <string>

#include "storage/base/error.h"
#include "tools/load/mail/mail_addresses.h"
#include "tools/load/mail/mail_engine.h"
#include "tools/load/mail/mail_session.h"

namespace CLI {
class App;
}

namespace gatepost::tools {

struct SmtpLoadOptions {
    SessionPlan plan;  // without TLS context
    MailEngineOptions engine;
    RecipientList recipients;
    bool tls = false;    // from the first octet
    std::string run;     // in the Message-IDs; empty: a random one
    std::string ledger;  // path; empty: none
    int core = -1;
    std::string json;  // path or "-"
    bool quiet = false;

    bool uses_tls() const { return tls || plan.dialogue.starttls; }
};

// The subcommand `smtp`, as CLI11 is to read it.
class SmtpCommandLine {
  public:
    // Both live until the words are read.
    explicit SmtpCommandLine(CLI::App& app);
    SmtpCommandLine(const SmtpCommandLine&) = delete;
    SmtpCommandLine& operator=(const SmtpCommandLine&) = delete;

    // After they were read. Errors are of code usage, or unreachable for a name without address.
    Result<SmtpLoadOptions> options();

  private:
    void declare_load(CLI::App& app);
    void declare_messages(CLI::App& app);
    void declare_connection(CLI::App& app);
    Status read_recipients();
    Status read_limits();
    Status read_login();

    SmtpLoadOptions options_;
    std::string target_;
    std::string duration_;
    std::string timeout_;
    uint64_t seconds_ = 0;
    uint64_t sessions_ = 0;
    std::string recipient_list_;
    std::string recipient_pattern_;
    uint64_t recipient_count_ = 1;
    std::string login_;
    uint64_t users_ = 0;
};

}  // namespace gatepost::tools
