// The other opinion: what Python's email package reads in a corpus that it made itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "dataplane/mail/encoded_word.h"
#include "tests/unit/mail/read_message.h"

namespace gatepost::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr int kMessages = 300;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string opinion(const MessageSummary& summary, const Heard& heard, const Charsets& charsets) {
    const Envelope& envelope = summary.envelopes.front();
    std::string out =
        envelope.subject
            ? fmt::format("subject {}\n", decode_encoded_words(*envelope.subject, charsets))
            : "no subject\n";
    out += summary.date ? fmt::format("date {}\n", summary.date->utc_s) : "no date\n";
    for (const EnvelopeAddress& to : envelope.to)
        out += fmt::format("to {}|{}@{}\n", to.name, to.mailbox, to.host);
    for (uint32_t i = 0; i < summary.parts.size(); ++i) {
        const MessagePart& part = summary.parts[i];
        out += fmt::format("part {}/{} {}", part.type, part.subtype, part.encoding);
        if (part.type != "multipart" && part.type != "message") {
            const auto found = heard.bodies.find(i);
            const std::string body = found == heard.bodies.end() ? "" : found->second;
            uint32_t hash = 2166136261;
            for (char c : body) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
            out += fmt::format(" {} {:08x}", body.size(), hash);
        }
        std::string name = parameter_text(part.disposition_parameters, "filename", charsets);
        if (!name.empty()) out += ' ' + name;
        out += '\n';
    }
    return out;
}

TEST(MailOracle, AgreesWithPython) {
    if (std::system("python3 -c 'import email.utils' 2>/dev/null") != 0)
        GTEST_SKIP() << "python3 is missing: no other opinion";
    char directory[] = "/tmp/mail_oracle_XXXXXX";
    ASSERT_NE(::mkdtemp(directory), nullptr);
    const std::string command = fmt::format("python3 '{}/tests/unit/mail/oracle.py' {} {}",
                                            GATEPOST_SOURCE_ROOT, directory, kMessages);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    const Charsets charsets = Charsets::open_all();
    for (int number = 0; number < kMessages; ++number) {
        const fs::path base = fs::path(directory) / fmt::format("{}", number);
        const std::string message = read_file(base.string() + ".eml");
        const Read read = read_message(message);
        EXPECT_EQ(opinion(read.summary, read.heard, charsets), read_file(base.string() + ".txt"))
            << number << ":\n"
            << message;
    }
    fs::remove_all(directory);
}

}  // namespace
}  // namespace gatepost::dataplane
