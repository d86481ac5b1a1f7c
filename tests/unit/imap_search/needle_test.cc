#include <gtest/gtest.h>
#include <unicase.h>

#include <random>

#include "dataplane/imap_search/casemap.h"
#include "dataplane/imap_search/text_needle.h"
#include "dataplane/mail/charset.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {
namespace {

bool found(std::string_view needle, std::string_view text) {
    std::string scratch;
    return TextNeedle(needle).is_in(text, scratch);
}

TEST(TextNeedle, FindsSubstringsInAnyCase) {
    EXPECT_TRUE(found("example", "user@EXAMPLE.com"));
    EXPECT_TRUE(found("Ample.C", "user@example.com"));
    EXPECT_TRUE(found("", ""));
    EXPECT_TRUE(found("", "text"));
    EXPECT_FALSE(found("x", ""));
    EXPECT_FALSE(found("examples", "user@example.com"));
    EXPECT_TRUE(found("z", "the letter Z"));
    // A sign that differs from a letter by the bit of the case alone.
    EXPECT_FALSE(found("k@", "k`"));
    EXPECT_FALSE(found("[", "{"));
    EXPECT_FALSE(found("{x", std::string(40, ' ') + "[x"));
}

TEST(TextNeedle, TakesLettersOfAllScriptsInAnyCase) {
    EXPECT_TRUE(found("GRÜSSE aus KÖLN", "grüsse aus köln"));
    EXPECT_TRUE(found("ПРИВЕТ", "ну, привет!"));
    EXPECT_TRUE(found("straße", "Die STRAßE"));
    EXPECT_TRUE(found("ΣΊΣΥΦΟΣ", "σίσυφος"));
    EXPECT_TRUE(found("東京", "大東京都"));
    EXPECT_FALSE(found("東京", "京東"));
}

// RFC 5051 §2: composition and width make no difference.
TEST(TextNeedle, TakesComposedAndWideLetters) {
    EXPECT_TRUE(found("e\u0301t\u00e9", "\u00c9te\u0301"));
    EXPECT_TRUE(found("file", "\ufb01le"));
    EXPECT_TRUE(found("abc", "\uff21\uff22\uff23"));
    EXPECT_TRUE(found("\U00010428", "\U00010400"));  // Deseret, outside of the basic plane
    EXPECT_TRUE(found("한", "\u1112\u1161\u11ab"));
}

TEST(TextNeedle, TakesWhatIsNoUtf8AsItIs) {
    EXPECT_TRUE(found("\xff\xfe", "a\xff\xfe"));
    EXPECT_FALSE(found("\xff\xfe", "a\xfe\xff"));
    EXPECT_TRUE(found("b", "\xc3 b"));
}

TEST(TextNeedle, FindsWhatAPlainComparisonFinds) {
    std::mt19937 random(7);
    const std::string_view alphabet = "abAB. {[e";
    auto text = [&](size_t size) {
        std::string made;
        for (size_t i = 0; i < size; ++i) made += alphabet[random() % alphabet.size()];
        return made;
    };
    auto lower = [](std::string made) {
        for (char& c : made) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        return made;
    };
    size_t hits = 0;
    for (int i = 0; i < 20000; ++i) {
        const std::string needle = text(1 + random() % 6);
        const std::string hay = text(random() % 70);
        const bool expected = lower(hay).find(lower(needle)) != std::string::npos;
        hits += expected ? 1 : 0;
        ASSERT_EQ(found(needle, hay), expected) << '"' << needle << "\" in \"" << hay << '"';
    }
    EXPECT_GT(hits, 1000U);
}

// Where nearly every place looks like the needle: linear all the same.
TEST(TextNeedle, FindsANeedleThatIsMadeUpToTakeLong) {
    const std::string run(32'000, 'z');
    const TextNeedle needle(run + 'y' + run);
    std::string text(4 << 20, 'z');
    EXPECT_FALSE(needle.is_in_casemapped(text));
    text += 'Y' + run;
    EXPECT_TRUE(needle.is_in_casemapped(text));
    text.pop_back();
    EXPECT_FALSE(needle.is_in_casemapped(text));
}

TEST(TextNeedle, FindsInRunsWhatAPlainComparisonFinds) {
    std::mt19937 random(11);
    auto run = [&](size_t size_max) {
        std::string made(random() % size_max, 'z');
        for (char& c : made) c = random() % 2 == 0 ? 'Z' : 'z';
        return made;
    };
    auto lower = [](std::string made) {
        for (char& c : made) c = static_cast<char>(c == 'Z' || c == 'Y' ? c | 0x20 : c);
        return made;
    };
    size_t hits = 0;
    constexpr int kRounds = 3000;
    for (int i = 0; i < kRounds; ++i) {
        const std::string needle = run(60) + 'y' + run(60);
        std::string hay = run(600);
        for (auto n = random() % 6; n > 0; --n) hay += 'Y' + run(90);
        const bool expected = lower(hay).find(lower(needle)) != std::string::npos;
        hits += expected ? 1 : 0;
        ASSERT_EQ(found(needle, hay), expected) << '"' << needle << "\" in \"" << hay << '"';
    }
    EXPECT_GT(hits, 300U);
    EXPECT_LT(hits, kRounds - 300U);
}

TEST(Casemap, LeavesAscii) {
    std::string out;
    append_casemapped("Plain ASCII 123 []", out);
    EXPECT_EQ(out, "Plain ASCII 123 []");
    EXPECT_TRUE(is_ascii(out));
    EXPECT_FALSE(is_ascii(std::string(100, 'a') + "\x80"));
    EXPECT_FALSE(is_ascii("\x80" + std::string(100, 'a')));
    EXPECT_TRUE(is_ascii(""));
}

TEST(Casemap, KeysOfEqualTextsAreEqual) {
    EXPECT_EQ(collation_key("Jörg"), collation_key("JO\u0308RG"));
    EXPECT_LT(collation_key("alpha"), collation_key("Beta"));
}

// Whoever looks for a letter finds it in either case, whatever libunistring knows of it.
TEST(Casemap, CasesOfALetterAreAlike) {
    for (ucs4_t c = 0x80; c < 0x600; ++c) {
        std::string one, other;
        append_code_point(c, one);
        append_code_point(::uc_totitle(c), other);
        EXPECT_EQ(collation_key(one), collation_key(other)) << c;
    }
}

}  // namespace
}  // namespace gatepost::dataplane
