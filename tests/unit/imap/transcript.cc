#include "tests/unit/imap/transcript.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <sstream>

#include "tests/unit/imap/imap_rig.h"
#include "tests/unit/stream/transcript_file.h"

namespace gatepost::tests {

using namespace dataplane;

namespace {

StoreStatus store_status(const std::string& what) {
    if (what == "disk_full") return StoreStatus::disk_full;
    if (what == "busy") return StoreStatus::busy;
    return what == "ok" ? StoreStatus::ok : StoreStatus::broken;
}

// One of the sessions.
struct Side {
    std::unique_ptr<ImapRig> rig;
    std::string sending;
    std::string received;
};

class Player {
  public:
    explicit Player(bool compressed) : compressed_(compressed) {}

    std::string play(const std::filesystem::path& path) {
        if (std::string wrong = play_lines(path, [&](const auto& line) { return take(line); });
            !wrong.empty())
            return wrong;
        for (auto& [number, side] : sides_) {
            flush(side);
            if (!side.received.empty())
                return fmt::format("{}: at the end: {}", path.filename().string(), side.received);
        }
        return {};
    }

  private:
    std::string take(const std::string& line) {
        if (line.starts_with('@')) return directive(line.substr(1));
        std::string_view rest = line;
        int number = 1;
        if (rest[0] >= '0' && rest[0] <= '9') {
            number = rest[0] - '0';
            rest.remove_prefix(1);
        }
        const std::string_view text = rest.size() > 3 ? rest.substr(3) : "";
        Side& of = side(number);
        if (rest.starts_with("C:")) return client(of, std::string(text) + "\r\n");
        if (rest.starts_with("C=")) return client(of, unescape(text));
        if (rest.starts_with("S:")) return server(of, text);
        return "that is no line of a transcript";
    }

    Side& side(int number) {
        Side& of = sides_[number];
        if (!of.rig) {
            of.rig = std::make_unique<ImapRig>(world_, options_);
            of.received = of.rig->start();
        }
        return of;
    }

    static std::string client(Side& to, const std::string& octets) {
        if (to.sending.empty() && !to.received.empty())
            return "the server has said more: " + to.received;
        to.sending += octets;
        return {};
    }

    static void flush(Side& side) {
        if (!side.sending.empty()) side.received += side.rig->send(std::exchange(side.sending, {}));
    }

    std::string server(Side& from, std::string_view pattern) {
        flush(from);
        return take_line(from.received, pattern);
    }

    std::string directive(const std::string& text) {
        std::istringstream words(text);
        std::string name, first;
        words >> name >> first;
        if (name == "LOGIN") return log_in(first, words);
        if (name == "COMPRESS") return compress(1);
        if (name == "OPTION") return set_option(first, words);
        for (auto& [number, side] : sides_) flush(side);
        if (name == "DELIVER") return deliver(first, words);
        if (name == "SHARE") return share(first, words);
        if (name == "TELL") return tell();
        if (name == "PASS") return pass(std::stoull(first));
        if (name == "STORE") return set_store(first, words);
        if (name == "END") return check_end(first, words);
        MemoryMailboxes& boxes = world_.boxes;
        if (name == "AVAILABLE") return boxes.available = first == "1", "";
        if (name == "LOSES_ANSWERS") return boxes.loses_answers = first == "1", "";
        if (name == "LOGINS") return world_.logins.available = first == "1", "";
        if (name == "READABLE") return world_.bodies.readable = first == "1", "";
        if (name == "SUMMARIES_COME_LATER") return boxes.summaries_come_later = true, "";
        if (name == "QUOTA") return boxes.quota_messages = std::stoll(first), "";
        if (name == "EVICT") return boxes.evict(mailbox(first).id), "";
        if (name == "REMOVE") return boxes.remove_mailbox(mailbox(first).id), "";
        if (name == "VALIDITY") return change_validity(mailbox(first)), "";
        if (name == "DISCONNECT") return boxes.disconnect(ImapWorld::kAda, first), collect();
        if (name == "DRAIN") return side(1).rig->drain(), collect();
        if (name == "HANGUP") return hang_up();
        if (name == "OPEN") return side(1).rig->has_ended() ? "the connection has ended" : "";
        if (name == "PAUSED")
            return world_.paused_ms == std::stoull(first) ? ""
                                                          : fmt::format("{}", world_.paused_ms);
        return "no such directive: " + name;
    }

    MemoryMailbox& mailbox(const std::string& name) {
        return *world_.boxes.find(ImapWorld::kAda, name);
    }

    std::string log_in(const std::string& user, std::istream& words) {
        int number = 1;
        words >> number;
        Side& of = side(number);
        of.received.clear();
        const std::string said = of.rig->send(fmt::format("l LOGIN {} secret\r\n", user));
        if (!said.starts_with("l OK")) return said;
        return compressed_ ? compress(number) : "";
    }

    std::string compress(int number) {
        const std::string said = side(number).rig->compress();
        return said.starts_with("z OK") ? "" : said;
    }

    std::string set_option(const std::string& name, std::istream& words) {
        uint64_t value = 0;
        words >> value;
        if (name == "tls_required")
            options_.tls_required = value != 0;
        else if (name == "message_octets_max")
            options_.message_octets_max = value;
        else
            return "no such option";
        return {};
    }

    std::string deliver(const std::string& name, std::istream& words) {
        std::string subject, flag;
        words >> subject;
        uint8_t flags = 0;
        while (words >> flag)
            flags |= flag == "\\Seen" ? storage::kFlagSeen : storage::kFlagDeleted;
        world_.deliver(mailbox(name).id, sample_message(subject), flags);
        return {};
    }

    // "@SHARE INBOX 3": with bob, and these rights.
    std::string share(const std::string& name, std::istream& words) {
        uint16_t rights = 0;
        words >> rights;
        world_.boxes.share(mailbox(name).id, ImapWorld::kBob, rights);
        return {};
    }

    // As a database that was restored from a backup.
    void change_validity(MemoryMailbox& of) {
        ++of.uid_validity;
        world_.boxes.evict(of.id);
    }

    std::string collect() {
        for (auto& [number, side] : sides_) {
            side.rig->rig.transport.run();
            side.received += side.rig->take_said();
        }
        return {};
    }

    std::string tell() {
        world_.boxes.tell();
        return collect();
    }

    std::string pass(uint64_t ms) {
        for (auto& [number, side] : sides_) side.received += side.rig->advance(ms);
        return {};
    }

    std::string set_store(const std::string& when, std::istream& words) {
        std::string what;
        words >> what;
        MemoryStore& store = world_.bodies;
        (when == "add"    ? store.add_status
         : when == "keep" ? store.keep_status
                          : store.accepts) = store_status(what);
        return {};
    }

    std::string hang_up() {
        side(1).rig->rig.transport.arrive_end();
        return collect();
    }

    std::string check_end(const std::string& end, std::istream& words) {
        int number = 1;
        words >> number;
        ImapRig& rig = *side(number).rig;
        if (!rig.has_ended()) return "the connection goes on";
        const std::string_view is = storage::stream_end_name(rig.end);
        return is == end ? "" : fmt::format("it has ended by: {}", is);
    }

    const bool compressed_;
    ImapWorld world_;
    ImapOptions options_ = imap_options();
    std::map<int, Side> sides_;
};

}  // namespace

std::string play_transcript(const std::filesystem::path& path, bool compressed) {
    return Player(compressed).play(path);
}

}  // namespace gatepost::tests
