// Hands messages to the local socket (smtp.socket), which takes them without a login and with any
// sender: they become durable there before it says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::tools {

// Of one wait for the server.
inline constexpr std::chrono::milliseconds kLocalSmtpWait{60'000};

struct SmtpReplyText {
    unsigned code = 0;  // 0: the connection broke
    std::string text;   // "250 2.0.0 ok"

    bool is_positive() const { return code >= 200 && code < 400; }
    // RFC 5321 §4.2.1: the same may work later.
    bool is_transient() const { return code == 0 || (code >= 400 && code < 500); }
};

struct RefusedRecipient {
    std::string address;
    SmtpReplyText reply;
};

struct Handover {
    std::string blob_id;  // as the server says it: "" where it does not
    std::vector<RefusedRecipient> refused;
};

struct OutgoingMessage {
    std::string sender;  // without <>; "": the null reverse-path
    std::vector<std::string> recipients;
    // RFC 5322, with CR LF at the ends of lines (canonical_message()).
    std::string_view octets;
};

// Lines that end with LF alone get CR LF; what has it stays.
std::string canonical_message(std::string_view octets);

class LocalSmtp {
  public:
    // Of code unreachable where nobody listens.
    static Result<LocalSmtp> connect(const std::string& path,
                                     std::chrono::milliseconds wait = kLocalSmtpWait);

    // The message is taken for those recipients that are not in `refused`. An error: it was taken
    // for nobody; the connection can be used again unless its code is 0.
    tl::expected<Handover, SmtpReplyText> send(const OutgoingMessage& message);
    // RFC 5321 §4.1.1.10; what follows is of no interest.
    void quit();

  private:
    LocalSmtp(UniqueFd socket, std::chrono::milliseconds wait)
        : socket_(std::move(socket)), wait_(wait) {}

    SmtpReplyText command(std::string_view line);
    bool write(std::string_view octets);
    SmtpReplyText read_reply();
    bool read_more();

    UniqueFd socket_;
    std::chrono::milliseconds wait_;
    std::string buffer_;
};

}  // namespace gatepost::tools
