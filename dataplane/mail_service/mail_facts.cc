#include "dataplane/mail_service/mail_facts.h"

#include "dataplane/mail/mime_parser.h"

namespace gatepost::dataplane {

namespace {

class SummaryParser final : public FactsParser {
  public:
    explicit SummaryParser(const Charsets& charsets) : charsets_(charsets), parser_(charsets) {}

    void add(Bytes octets) override { parser_.feed(octets); }
    DeliveryFacts finish() override { return facts_of(parser_.finish(), charsets_); }

  private:
    const Charsets& charsets_;
    MimeParser parser_;
};

}  // namespace

void put_in_front(Bytes prefix, const Charsets& charsets, MessageSummary& summary) {
    MimeParser parser(charsets);
    parser.feed(prefix);
    const MessageSummary front = parser.finish();
    for (MessagePart& part : summary.parts) part.header_offset += prefix.size();
    MessagePart& message = summary.parts.front();
    message.header_offset = 0;
    message.header_size += prefix.size();
    message.header_lines += front.parts.front().header_lines;
    // What submission has completed (RFC 6409 §8).
    Envelope& header = summary.envelopes.front();
    if (!header.date) {
        header.date = front.envelopes.front().date;
        summary.date = front.date;
    }
    if (!header.message_id) header.message_id = front.envelopes.front().message_id;
    std::vector<FieldPlace> fields = front.fields;
    for (FieldPlace field : summary.fields) {
        field.offset += static_cast<uint32_t>(prefix.size());
        fields.push_back(field);
    }
    summary.fields = std::move(fields);
}

std::unique_ptr<FactsParser> MailFactsMaker::begin() {
    return std::make_unique<SummaryParser>(charsets_);
}

}  // namespace gatepost::dataplane
