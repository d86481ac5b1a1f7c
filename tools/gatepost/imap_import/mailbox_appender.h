// Puts messages into mailboxes of an account, by APPEND: their octets, flags and dates are kept as
// they are (RFC 9051 §6.3.12).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/imap_client/mail_server.h"

namespace gatepost::tools {

struct NewMessage {
    std::string_view flags;  // "\Seen $Forwarded"
    int64_t date_s = 0;      // INTERNALDATE, since 1970
    uint64_t size = 0;       // octets, at least one
};

struct Appended {
    std::vector<uint32_t> uids;  // empty where it was refused
    uint32_t uid_validity = 0;
    std::string refusal;  // what the server said; nothing was stored then
};

class MailboxAppender {
  public:
    // `server` is Gatepost's, logged in, and outlives this.
    explicit MailboxAppender(MailServer& server) : server_(server) {}

    // All of them or none (RFC 3502); `octets` of each in the same order.
    Result<Appended> append(std::string_view mailbox, std::span<const NewMessage> messages,
                            std::span<const std::string> octets);

    // One whose octets come later: begin(); where it says true, put() until they are all there,
    // then end(). False: it was refused, end() says why and is called at once.
    Result<bool> begin(std::string_view mailbox, const NewMessage& message);
    Status put(std::string_view octets) { return server_.send_octets(octets); }
    Result<Appended> end();

  private:
    Result<Appended> outcome(const ServerResponse& response) const;

    MailServer& server_;
    std::string tag_;
    ServerResponse refusal_;
    bool refused_ = false;
};

// "INBOX" as a command has it: quoted, in modified UTF-7.
std::string mailbox_argument_text(std::string_view mailbox);

}  // namespace gatepost::tools
