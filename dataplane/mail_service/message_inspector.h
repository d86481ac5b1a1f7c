// Looks at one message while it comes in: what its parts are, and what the filter says.
#pragma once

#include <memory>

#include "dataplane/filter/filter_scan.h"
#include "dataplane/mail/mime_parser.h"
#include "dataplane/smtp/smtp_environment.h"

namespace gatepost::dataplane {

class MessageInspector final : public MessageScanner {
  public:
    // `charsets` outlives it. `filter` may be null: there are no rules.
    MessageInspector(const Charsets& charsets, std::unique_ptr<FilterScan> filter)
        : charsets_(charsets), filter_(std::move(filter)), parser_(charsets, filter_.get()) {}

    void take(Bytes octets) override;
    FilterVerdict judge(const storage::Envelope& envelope) override;
    std::vector<std::string> authors() override;
    DeliveryFacts facts(Bytes prefix) override;

  private:
    const Charsets& charsets_;
    std::unique_ptr<FilterScan> filter_;
    MimeParser parser_;
    MessageSummary summary_;
};

}  // namespace gatepost::dataplane
