// Random keys over random messages, beside an evaluation that knows what was put into them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "dataplane/imap_search/casemap.h"
#include "storage/base/ascii.h"
#include "tests/unit/imap_search/search_keys.h"
#include "tests/unit/imap_search/search_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;

constexpr int64_t kDayS = 86400;
constexpr std::string_view kWords[] = {"alpha", "Beta", "GRÜN", "grün", "Ωmega", "x", "al", "日本"};
constexpr std::string_view kFields[] = {"subject", "from", "x-other"};

// A message as it was before it was encoded.
struct Truth {
    std::string subject, from, other, body;  // `other` may be no field at all
    bool has_other = false;
    uint8_t flags = 0;
    bool has_keyword = false;
    int64_t internal_date_s = 0;
    std::optional<int32_t> sent_day;
    uint32_t size = 0;
};

class Random {
  public:
    explicit Random(uint32_t seed) : engine_(seed) {}
    uint32_t below(uint32_t end) { return engine_() % end; }
    std::string words() {
        std::string text(kWords[below(std::size(kWords))]);
        for (uint32_t n = below(4); n > 0; --n) {
            text += ' ';
            text += kWords[below(std::size(kWords))];
        }
        return text;
    }

  private:
    std::mt19937 engine_;
};

std::string hex_encoded(std::string_view text, bool is_word) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        const auto octet = static_cast<uint8_t>(c);
        if (c == ' ' && is_word) {
            out += '_';
        } else if (octet < 0x80 && c != '=') {
            out += c;
        } else {
            out += '=';
            out += kDigits[octet >> 4];
            out += kDigits[octet & 15];
        }
    }
    return out;
}

std::string field_value(const std::string& text) {
    return is_ascii(text) ? text : "=?utf-8?q?" + hex_encoded(text, true) + "?=";
}

Truth make_message(Random& random, std::string& octets) {
    Truth truth;
    truth.subject = random.words();
    truth.from = random.words();
    truth.body = random.words();
    truth.has_other = random.below(2) == 0;
    octets = "Subject: " + field_value(truth.subject) + "\r\n";
    octets += "From: " + field_value(truth.from) + " <a@b.example>\r\n";
    truth.from += " <a@b.example>";
    if (truth.has_other) {
        truth.other = random.words();
        octets += "X-Other:\r\n " + field_value(truth.other) + "\r\n";
    }
    if (random.below(3) != 0) {
        const uint32_t day = random.below(9);
        octets += "Date: " + std::to_string(day + 1) + " Jan 1970 23:59:00 -0800\r\n";
        truth.sent_day = static_cast<int32_t>(day);
    }
    if (random.below(2) == 0) {
        octets += "Content-Transfer-Encoding: quoted-printable\r\n";
        octets += "Content-Type: text/plain; charset=utf-8\r\n\r\n";
        octets += hex_encoded(truth.body, false);
    } else {
        octets += "\r\n" + truth.body;
    }
    truth.flags = static_cast<uint8_t>(random.below(32));
    truth.has_keyword = random.below(2) == 0;
    truth.internal_date_s = random.below(9) * kDayS + random.below(kDayS);
    truth.size = static_cast<uint32_t>(octets.size());
    return truth;
}

SearchKey make_key(Random& random, int depth, uint32_t messages) {
    const uint32_t kind = random.below(depth > 0 ? 14 : 11);
    const auto word = [&] {
        const std::string text = random.words();
        return text.substr(0, text.find(' '));
    };
    switch (kind) {
        case 0:
            return flag_key(static_cast<uint8_t>(1U << random.below(5)));
        case 1:
            return text_key(Kind::keyword, "$key");
        case 2:
            return set_key(random.below(2) == 0 ? Kind::uid : Kind::sequence,
                           {{1 + random.below(messages), 1 + random.below(messages)}});
        case 3:
            return number_key(random.below(2) == 0 ? Kind::larger : Kind::smaller,
                              100 + random.below(100));
        case 4:
        case 5:
            return header_key(std::string(kFields[random.below(3)]),
                              random.below(8) == 0 ? "" : word());
        case 6:
            return text_key(Kind::body, word());
        case 7:
            return text_key(Kind::text, random.words());
        case 8:
            return day_key(static_cast<Kind>(static_cast<uint32_t>(Kind::before) + random.below(3)),
                           static_cast<int32_t>(random.below(9)));
        case 9:
            return day_key(
                static_cast<Kind>(static_cast<uint32_t>(Kind::sent_before) + random.below(3)),
                static_cast<int32_t>(random.below(9)));
        case 10:
            return key(Kind::all);
        case 11:
            return not_key(make_key(random, depth - 1, messages));
        default: {
            std::vector<SearchKey> children;
            for (uint32_t n = 1 + random.below(4); n > 0; --n)
                children.push_back(make_key(random, depth - 1, messages));
            return list_key(kind == 12 ? Kind::all_of : Kind::any_of, std::move(children));
        }
    }
}

// For who reads of a failure.
std::string describe(const SearchKey& wanted) {
    std::string text = std::to_string(static_cast<int>(wanted.kind)) + ' ' + wanted.field + " \"" +
                       wanted.text + "\" " + std::to_string(wanted.number + wanted.flag) + ' ' +
                       std::to_string(wanted.day);
    for (const SearchKey& child : wanted.children) text += " (" + describe(child) + ')';
    return text;
}

bool has(const std::string& text, const std::string& wanted) {
    return collation_key(text).find(collation_key(wanted)) != std::string::npos;
}

bool is_found(const SearchKey& wanted, uint32_t uid, const Truth& truth) {
    const auto child_is_found = [&](const SearchKey& child) { return is_found(child, uid, truth); };
    const int64_t day = truth.internal_date_s / kDayS;
    switch (wanted.kind) {
        case Kind::all:
            return true;
        case Kind::all_of:
            return std::ranges::all_of(wanted.children, child_is_found);
        case Kind::any_of:
            return std::ranges::any_of(wanted.children, child_is_found);
        case Kind::none_of:
            return !child_is_found(wanted.children.front());
        case Kind::flag:
            return (truth.flags & wanted.flag) != 0;
        case Kind::keyword:
            return truth.has_keyword;
        case Kind::uid:
        case Kind::sequence: {  // without gaps they are the same
            const auto [first, last] =
                std::minmax(wanted.set.ranges[0].first, wanted.set.ranges[0].last);
            return uid >= first && uid <= last;
        }
        case Kind::larger:
            return truth.size > wanted.number;
        case Kind::smaller:
            return truth.size < wanted.number;
        case Kind::header:
            if (wanted.field == "subject") return has(truth.subject, wanted.text);
            if (wanted.field == "from") return has(truth.from, wanted.text);
            return truth.has_other && has(truth.other, wanted.text);
        case Kind::body:
            return has(truth.body, wanted.text);
        case Kind::text:
            return has(truth.body, wanted.text) || has(truth.subject, wanted.text) ||
                   has(truth.from, wanted.text) || has(truth.other, wanted.text);
        case Kind::before:
            return day < wanted.day;
        case Kind::on:
            return day == wanted.day;
        case Kind::since:
            return day >= wanted.day;
        case Kind::sent_before:
            return truth.sent_day && *truth.sent_day < wanted.day;
        case Kind::sent_on:
            return truth.sent_day && *truth.sent_day == wanted.day;
        default:
            return truth.sent_day && *truth.sent_day >= wanted.day;
    }
}

// Names of fields, which TEXT looks into as well, and "x" would be found in some of them: words
// are all that is looked for, none of which but "x" and "al" is in a name or in what is added.
bool is_in_what_is_added(const SearchKey& wanted) {
    if (wanted.kind == Kind::text && (wanted.text == "x" || wanted.text == "al")) return true;
    return std::ranges::any_of(wanted.children, is_in_what_is_added);
}

TEST(SearchRandom, FindsWhatAPlainEvaluationFinds) {
    constexpr SummaryPlace kPlaces[] = {SummaryPlace::loaded, SummaryPlace::loaded,
                                        SummaryPlace::database, SummaryPlace::nowhere,
                                        SummaryPlace::damaged};
    size_t found = 0;
    size_t searches = 0;
    for (uint32_t seed = 1; seed <= 12; ++seed) {
        Random random(seed);
        SearchRig rig;
        std::vector<Truth> truths;
        for (uint32_t i = 0; i < 40; ++i) {
            TestMessage message;
            truths.push_back(make_message(random, message.octets));
            message.flags = truths.back().flags;
            if (truths.back().has_keyword) message.keywords = {"$Key"};
            message.internal_date_s = truths.back().internal_date_s;
            message.summary = kPlaces[random.below(5)];
            message.segment = 1 + random.below(3);
            rig.add(std::move(message));
        }
        rig.octets_max = seed % 2 == 0 ? SIZE_MAX : 50;
        rig.is_database_there = seed % 3 != 0;
        for (int i = 0; i < 250; ++i) {
            const SearchKey wanted = make_key(random, 4, 40);
            if (is_in_what_is_added(wanted)) continue;
            std::vector<uint32_t> expected;
            for (uint32_t uid = 1; uid <= truths.size(); ++uid) {
                if (is_found(wanted, uid, truths[uid - 1])) expected.push_back(uid);
            }
            const SearchResult result = rig.search(wanted);
            ASSERT_EQ(result.status, SearchStatus::ok);
            ASSERT_EQ(result.uids, expected) << "seed " << seed << ": " << describe(wanted);
            found += expected.size();
            ++searches;
        }
    }
    EXPECT_GT(searches, 2000U);
    EXPECT_GT(found, 10000U);
}

}  // namespace
}  // namespace gatepost::tests
