// A message on its way from the client to the store: its header section is filtered, the scanner
// sees it, limits are kept. What is wrong with it is noted, nothing of it is kept from then on, and
// the rest is counted only: its reply is due at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/smtp/header_filter.h"
#include "dataplane/smtp/line_end_check.h"
#include "dataplane/smtp/smtp_environment.h"
#include "dataplane/smtp/smtp_limits.h"

namespace gatepost::dataplane {

enum class IntakeFault : uint8_t {
    none,
    too_large,
    too_many_hops,  // RFC 5321 §6.3
    bare_line_end,  // RFC 5321 §2.3.8
    // RFC 5322 §3.6.8 has no such field, and a reader that stops at it sees another header section.
    nul_in_header,
    store,  // see store_status()
};

class MessageIntake {
  public:
    // `check_line_ends`: also those of the body. Not of BINARYMIME, whose body is no text, nor
    // where DotDecoder does it.
    MessageIntake(SmtpEnvironment& environment, const SmtpOptions& options, bool check_line_ends);

    // The next octets of the message; they are copied.
    void take(Bytes octets);
    // Whether flush() is due before more is taken.
    bool is_full() const { return pending_.size() >= kIntakePiece; }
    // Hands over what was taken to the store. May wait for it.
    Task<> flush();
    // The message has come as a whole; flush() is due once more.
    void finish();
    // DotDecoder found one.
    void note_bare_line_end() { give_up(IntakeFault::bare_line_end); }
    // The store did not take it.
    void note_store(StoreStatus status);

    IntakeFault fault() const { return fault_; }
    StoreStatus store_status() const { return store_status_; }
    uint64_t octets() const { return octets_; }  // that came, kept or not
    const HeaderFilter& header() const { return header_; }
    MessageScanner* scanner() { return scanner_.get(); }
    // Until something is wrong.
    IncomingMessage& message() { return *message_; }

  private:
    void give_up(IntakeFault fault);

    const SmtpOptions& options_;
    HeaderFilter header_;
    LineEndCheck line_ends_;
    std::unique_ptr<IncomingMessage> message_;
    std::unique_ptr<MessageScanner> scanner_;
    std::vector<uint8_t> pending_;
    uint64_t octets_ = 0;
    IntakeFault fault_ = IntakeFault::none;
    StoreStatus store_status_ = StoreStatus::ok;
    bool check_line_ends_;
};

}  // namespace gatepost::dataplane
