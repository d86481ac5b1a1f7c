#include "tools/load/mail/message_maker.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <iterator>

namespace gatepost::tools {

namespace {

constexpr size_t kLine = 74;      // octets of a line of the body, CRLF included
constexpr size_t kStarts = 4096;  // lines of the text that a body may begin with
// Spreads successive numbers over the starts (Knuth's multiplicative hashing).
constexpr uint64_t kSpread = 2654435761;
constexpr std::string_view kFiller = "Comments: ";

constexpr std::array<std::string_view, 48> kWords = {
    "the",     "of",     "and",     "to",      "in",     "meeting", "report",  "we",
    "invoice", "please", "on",      "Tuesday", "for",    "number",  "that",    "have",
    "draft",   "with",   "minutes", "server",  "change", "it",      "by",      "tomorrow",
    "project", "is",     "from",    "budget",  "are",    "as",      "weekend", "this",
    "address", "will",   "be",      "quarter", "at",     "or",      "order",   "shipped",
    "not",     "until",  "travel",  "you",     "thanks", "regards", "release", "backup"};

// A line begins with a word, never with a dot.
void append_line(std::string& text, uint64_t& state) {
    const size_t end = text.size() + kLine - 2;
    while (text.size() < end) {
        // A linear congruential generator (Knuth's MMIX): the same text on every machine.
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        text += kWords[(state >> 33) % kWords.size()];
        text += (state >> 58) == 0 ? ". " : " ";
    }
    text.resize(end);
    text += "\r\n";
}

}  // namespace

MessageMaker::MessageMaker(MessageMakerOptions options)
    : options_(std::move(options)),
      date_(fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                        fmt::gmtime(static_cast<time_t>(options_.date_s)))) {
    const size_t lines = kStarts + options_.size / kLine + 1;
    text_.reserve(lines * kLine + kLine);
    uint64_t state = 1;
    for (size_t i = 0; i < lines; ++i) append_line(text_, state);
}

std::string MessageMaker::id(uint64_t number) const {
    return fmt::format("{}-{:010}@{}", options_.run, number, options_.host);
}

Bytes MessageMaker::make(uint64_t number, std::string_view from, std::string_view to,
                         std::string& head) const {
    head.clear();
    fmt::format_to(std::back_inserter(head),
                   "Date: {}\r\n"
                   "From: Load Generator <{}>\r\n"
                   "To: <{}>\r\n"
                   "Message-ID: <{}-{:010}@{}>\r\n"
                   "Subject: Report {} of {}\r\n"
                   "MIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; charset=us-ascii\r\n"
                   "Content-Transfer-Encoding: 7bit\r\n"
                   "User-Agent: gatepost-load/" GATEPOST_VERSION "\r\n",
                   date_, from, to, options_.run, number, options_.host, number, options_.run);
    size_t rest = options_.size > head.size() + 2 ? options_.size - head.size() - 2 : 0;
    // A filler in the header makes what remains a number of whole lines.
    if (const size_t odd = rest % kLine; odd != 0) {
        const size_t filler = odd < kFiller.size() + 3 ? odd + kLine : odd;
        if (filler <= rest) {
            head += kFiller;
            head.append(filler - kFiller.size() - 2, 'x');
            head += "\r\n";
            rest -= filler;
        }
    }
    head += "\r\n";
    const size_t start = (number * kSpread) % kStarts * kLine;
    return {reinterpret_cast<const uint8_t*>(text_.data()) + start, rest / kLine * kLine};
}

}  // namespace gatepost::tools
