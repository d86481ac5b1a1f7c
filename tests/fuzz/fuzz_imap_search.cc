// What a search makes of a message: a needle (the first octet is its length), then a message. What
// is compared in vectors is found where a plain comparison finds it; a base subject is its own.
#include "dataplane/imap_search/base_subject.h"
#include "dataplane/imap_search/casemap.h"
#include "dataplane/imap_search/message_ids.h"
#include "dataplane/imap_search/message_text.h"
#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

const Charsets kCharsets = Charsets::open_all();

void check_subject(std::string_view text) {
    const BaseSubject once = base_subject(text, kCharsets);
    GATEPOST_CHECK(once.text.empty() || (once.text.front() != ' ' && once.text.back() != ' '));
}

void check_needle(const TextNeedle& needle, std::string_view wanted, std::string_view text) {
    std::string scratch;
    const bool expected = collation_key(text).find(collation_key(wanted)) != std::string::npos;
    GATEPOST_CHECK(needle.is_in(text, scratch) == expected);
}

void check_message(const TextNeedle& needle, Bytes message) {
    MimeParser parser(kCharsets);
    parser.feed(message);
    std::vector<uint8_t> encoded;
    encode_summary(parser.finish(), encoded);
    SummaryView summary(encoded);
    GATEPOST_CHECK(summary.is_readable());
    MatchScratch scratch;
    MessageText text(kCharsets, scratch);
    text.set({reinterpret_cast<const char*>(message.data()), message.size()}, summary);
    (void)text.is_in_header(needle);
    (void)text.is_in_body(needle);
    if (const auto subject = summary.text(EnvelopeMember::subject))
        (void)is_in_value(needle, *subject, kCharsets, scratch);
    (void)is_in_addresses(needle, summary.addresses(EnvelopeMember::from), kCharsets, scratch);
    GATEPOST_CHECK(!is_in_fields(needle, "from", "", kCharsets, scratch));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const Bytes octets(data + 1, size - 1);
    const size_t length = std::min<size_t>(data[0], octets.size());
    const std::string_view all(reinterpret_cast<const char*>(octets.data()), octets.size());
    const std::string_view wanted = all.substr(0, length);
    const TextNeedle needle(wanted);
    check_subject(all.substr(length));
    check_needle(needle, wanted, all.substr(length));
    check_message(needle, octets.subspan(length));
    for (const std::string& id : message_ids(all)) GATEPOST_CHECK(!id.empty());
    (void)SummaryView(octets).is_readable();
    return 0;
}
