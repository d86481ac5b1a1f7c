// Every file of tests/transcripts/pop3 is a test of its own:
//
//   # a comment
//   @DELIVER one             a message for ada comes, with that subject; what follows are octets of
//                            its body in the place of a line, with escapes
//   C: NOOP                  a line that the client sends
//   C= \r\n\x00              octets that it sends, with escapes, and no line's end added
//   S: +OK *                 the next line that the server sends; * at its end is anything
//   @END server              the connection has ended like this
//
// Lines of the client that stand together arrive together. Every line that the server sends has to
// be there, and no other. The other directives are in directive().
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <utility>

#include "tests/unit/pop3/pop3_rig.h"
#include "tests/unit/stream/transcript_file.h"

namespace gatepost::tests {

namespace {

namespace fs = std::filesystem;

class Player {
  public:
    std::string play(const fs::path& path) {
        if (std::string wrong = play_lines(path, [&](const auto& line) { return take(line); });
            !wrong.empty())
            return wrong;
        flush();
        if (received_.empty()) return {};
        return fmt::format("{}: at the end: {}", path.filename().string(), received_);
    }

  private:
    std::string take(std::string_view line) {
        if (line.starts_with('@')) return directive(std::string(line.substr(1)));
        const std::string_view text = line.size() > 3 ? line.substr(3) : "";
        rig();
        if (line.starts_with("C:")) return client(std::string(text) + "\r\n");
        if (line.starts_with("C=")) return client(unescape(text));
        if (line.starts_with("S:")) return server(text);
        return "that is no line of a transcript";
    }

    Pop3Rig& rig() {
        if (!rig_) {
            rig_ = std::make_unique<Pop3Rig>(world_, options_);
            received_ = rig_->start();
        }
        return *rig_;
    }

    std::string client(const std::string& octets) {
        if (sending_.empty() && !received_.empty()) return "the server has said more: " + received_;
        sending_ += octets;
        return {};
    }

    void flush() {
        if (!sending_.empty()) received_ += rig_->send(std::exchange(sending_, {}));
    }

    std::string server(std::string_view pattern) {
        flush();
        return take_line(received_, pattern);
    }

    std::string directive(const std::string& text) {
        std::istringstream words(text);
        std::string name, first, rest;
        words >> name >> first;
        std::getline(words >> std::ws, rest);
        flush();
        if (name == "DELIVER") return deliver(first, rest);
        if (name == "LOGIN") return log_in();
        if (name == "TLS_REQUIRED") return options_.tls_required = true, "";
        MemoryMailboxes& boxes = world_.boxes;
        if (name == "AVAILABLE") return boxes.available = first == "1", "";
        if (name == "LOSES_ANSWERS") return boxes.loses_answers = first == "1", "";
        if (name == "LOGINS") return world_.logins.available = first == "1", "";
        if (name == "READABLE") return world_.bodies.readable = first == "1", "";
        if (name == "EVICT") return boxes.evict(world_.inbox), "";
        if (name == "REMOVE") return boxes.remove_mailbox(world_.inbox), "";
        if (name == "EXPUNGE") return boxes.expunge_message(world_.inbox, number(first)), "";
        if (name == "VALIDITY") return change_validity(), "";
        if (name == "UIDS") return check_uids(first + (rest.empty() ? "" : " " + rest));
        if (name == "SEEN") return check_seen(number(first), number(rest) != 0);
        if (name == "DISCONNECT") return boxes.disconnect(ImapWorld::kAda, first), collect();
        if (name == "DRAIN") return rig_->drain(), collect();
        if (name == "HANGUP") return rig_->rig.transport.arrive_end(), collect();
        if (name == "PASS") return received_ += rig_->advance(number(first)), "";
        if (name == "OPEN") return rig_->has_ended() ? "the connection has ended" : "";
        if (name == "END") return check_end(first);
        return "no such directive: " + name;
    }

    static uint32_t number(const std::string& text) {
        return static_cast<uint32_t>(std::stoul(text));
    }

    std::string deliver(const std::string& subject, const std::string& body) {
        world_.deliver(world_.inbox, body.empty()
                                         ? sample_message(subject)
                                         : "Subject: " + subject + "\r\n\r\n" + unescape(body));
        return {};
    }

    std::string log_in() {
        rig();
        received_.clear();
        rig_->command("USER ada@example.org");
        const std::string said = rig_->command("PASS secret");
        return said.starts_with("+OK") ? "" : said;
    }

    // As a database that was restored from a backup.
    void change_validity() {
        ++world_.boxes.mailbox(world_.inbox).uid_validity;
        world_.boxes.evict(world_.inbox);
    }

    std::string collect() {
        rig_->rig.transport.run();
        received_ += rig_->rig.transport.take_sent();
        return {};
    }

    // "1 3": the messages that are left.
    std::string check_uids(const std::string& expected) {
        std::string uids;
        for (const auto& [uid, message] : world_.boxes.mailbox(world_.inbox).messages)
            uids += fmt::format("{}{}", uids.empty() ? "" : " ", uid);
        if (uids.empty()) uids = "none";
        return uids == expected ? "" : "there are: " + uids;
    }

    std::string check_seen(uint32_t uid, bool expected) {
        const uint8_t flags = world_.boxes.mailbox(world_.inbox).messages.at(uid).flags;
        return ((flags & storage::kFlagSeen) != 0) == expected ? "" : "it is not so";
    }

    std::string check_end(const std::string& end) {
        if (!rig_->has_ended()) return "the connection goes on";
        const std::string_view is = storage::stream_end_name(rig_->end);
        return is == end ? "" : fmt::format("it has ended by: {}", is);
    }

    ImapWorld world_;
    dataplane::Pop3Options options_ = pop3_options();
    std::unique_ptr<Pop3Rig> rig_;
    std::string sending_;
    std::string received_;
};

class Transcript : public testing::TestWithParam<fs::path> {};

TEST_P(Transcript, IsWhatIsSaid) {
    EXPECT_EQ(Player().play(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Pop3, Transcript, testing::ValuesIn(transcripts_in(GATEPOST_TRANSCRIPTS)),
                         [](const auto& test) { return test.param.stem().string(); });

}  // namespace

}  // namespace gatepost::tests
