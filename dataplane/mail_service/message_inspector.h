// Looks at one message while it comes in: what its parts are, and what the filter says.
#pragma once

#include "dataplane/mail/mime_parser.h"
#include "dataplane/smtp/smtp_environment.h"

namespace gatepost::dataplane {

class MessageInspector final : public MessageScanner {
  public:
    // `charsets` outlives it.
    explicit MessageInspector(const Charsets& charsets) : charsets_(charsets), parser_(charsets) {}

    void take(Bytes octets) override { parser_.feed(octets); }
    FilterVerdict judge(const storage::Envelope& envelope) override;
    DeliveryFacts facts(Bytes prefix) override;

  private:
    const Charsets& charsets_;
    MimeParser parser_;
    MessageSummary summary_;
};

}  // namespace gatepost::dataplane
