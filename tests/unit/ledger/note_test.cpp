#include "storage/ledger/checkpoint.hpp"

#include <catch2/catch.hpp>

namespace sluice::ledger {
namespace {

// C2SP tlog-checkpoint and tlog-cosignature print this one; its keys are not published, its form is.
constexpr std::string_view kPublished =
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "\xE2\x80\x94 example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\xE2\x80\x94 witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/"
    "zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

const VerifierKey& verifier(const SigningKey& key) {
    return key.verifier();
}

TEST_CASE("the published example is read and written byte for byte", "[ledger]") {
    const auto note = parse_note(kPublished);
    REQUIRE(note);
    REQUIRE(note->signatures.size() == 2);
    CHECK(note->signatures[0].key_id == 0x033de0ae);
    CHECK(note->signatures[1].name == "witness.example.com/w1");
    CHECK(note->signatures[1].signature.size() == 72);
    CHECK(to_string(*note) == kPublished);
    const auto checkpoint = checkpoint_from(note->text);
    REQUIRE(checkpoint);
    CHECK(checkpoint->size == 20'852'163);
    CHECK(to_text(*checkpoint) == note->text);
}

TEST_CASE("Go's example of a verifier key and its note verify", "[ledger]") {
    // golang.org/x/mod/sumdb/note documents this key and note.
    const auto key = verifier_key_from("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    REQUIRE(key);
    const auto note = parse_note(
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem "
        "is.\n\n"
        "\xE2\x80\x94 PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    );
    REQUIRE(note);
    CHECK(is_signed_by(*note, *key));
    Note changed = *note;
    changed.text[0] = 'i';
    CHECK_FALSE(is_signed_by(changed, *key));
}

TEST_CASE("keys keep their meaning through text", "[ledger]") {
    const auto key = SigningKey::make("sluice.example/log", KeyKind::log);
    const auto again = SigningKey::from_text(key.to_text());
    REQUIRE(again);
    CHECK(again->verifier() == key.verifier());
    const auto open = verifier_key_from(to_string(key.verifier()));
    REQUIRE(open);
    CHECK(*open == key.verifier());
    CHECK(key.to_text().starts_with("PRIVATE+KEY+sluice.example/log+"));

    std::string broken = key.to_text();
    broken[broken.find("log+") + 4] ^= 1;
    const auto refused = SigningKey::from_text(broken);
    REQUIRE_FALSE(refused);
    CHECK_FALSE(refused.error().message().contains(broken.substr(40, 20)));  // the secret is not repeated
    CHECK_FALSE(SigningKey::from_text(to_string(key.verifier())));
    CHECK_FALSE(verifier_key_from(key.to_text()));
    for (const char* text : {"", "a", "a+b", "a+00000000+", "+00000000+AQ=="}) {
        CHECK_FALSE(verifier_key_from(text));
        CHECK_FALSE(SigningKey::from_text(text));
    }
}

TEST_CASE("a checkpoint opens only with the key that signed it, under its own name", "[ledger]") {
    const auto key = SigningKey::make("log.example", KeyKind::log);
    const auto twin = SigningKey::make("log.example", KeyKind::log);
    const std::string signed_note = sign_checkpoint(7, leaf_hash(as_bytes("x")), key);
    const auto note = parse_note(signed_note).value();
    const auto opened = open_checkpoint(note, verifier(key));
    REQUIRE(opened);
    CHECK(*opened == Checkpoint{.origin = "log.example", .size = 7, .root = leaf_hash(as_bytes("x"))});
    CHECK_FALSE(open_checkpoint(note, verifier(twin)));

    Note larger = note;
    larger.text.replace(larger.text.find('7'), 1, "8");
    CHECK_FALSE(open_checkpoint(larger, verifier(key)));
    Note foreign{.text = to_text({.origin = "other.example", .size = 7, .root = {}}), .signatures = {}};
    foreign.signatures.push_back(key.sign(foreign.text));
    CHECK_FALSE(open_checkpoint(foreign, verifier(key)));
    // One valid and one forged signature of the same key: the whole note is refused.
    Note doubled = note;
    doubled.signatures.push_back(doubled.signatures.front());
    doubled.signatures.back().signature[5] ^= 1;
    CHECK_FALSE(open_checkpoint(doubled, verifier(key)));
}

TEST_CASE("a co-signature says when, and is no signature of a log", "[ledger]") {
    const auto key = SigningKey::make("log.example", KeyKind::log);
    const auto witness = SigningKey::make("ethics.example/witness", KeyKind::witness);
    Note note = parse_note(sign_checkpoint(7, {}, key)).value();
    CHECK_FALSE(cosigned_at(note, verifier(witness)));
    note.signatures.push_back(witness.cosign(note.text, 1'764'100'000));
    const Note read = parse_note(to_string(note)).value();
    CHECK(cosigned_at(read, verifier(witness)) == 1'764'100'000);
    CHECK_FALSE(is_signed_by(read, verifier(witness)));
    CHECK_FALSE(cosigned_at(read, verifier(key)));
    CHECK(is_signed_by(read, verifier(key)));
    Note later = read;
    later.signatures[1].signature[7] ^= 1;  // another second
    CHECK_FALSE(cosigned_at(later, verifier(witness)));
    VerifierKey as_log = verifier(witness);
    as_log.kind = KeyKind::log;
    CHECK(as_log.id() != verifier(witness).id());
}

TEST_CASE("what is no note or no checkpoint is refused", "[ledger]") {
    const std::string good{kPublished};
    const auto is_refused = [](const std::string& text) { return !parse_note(text); };
    CHECK_FALSE(is_refused(good));
    CHECK(is_refused(""));
    CHECK(is_refused("text\n"));
    CHECK(is_refused(good.substr(0, good.size() - 1)));
    CHECK(is_refused(good + "tail\n"));
    CHECK(is_refused("\xFF\n" + good));
    CHECK(is_refused("a\tb\n" + good));
    CHECK(is_refused("text\n\n- name AAAAAAA=\n"));
    CHECK(is_refused("text\n\n\xE2\x80\x94 na+me AAAAAAAA\n"));
    CHECK(is_refused("text\n\n\xE2\x80\x94 name AAAAAA==\n"));  // no signature behind the id
    CHECK(is_refused("text\n\n\xE2\x80\x94 name AAAAAAB=\n"));  // stray bits
    CHECK(is_refused("text\n\n\xE2\x80\x94 na\xE3\x80\x80me AAAAAAAA\n"));
    std::string many = "text\n\n";
    for (int i = 0; i < 33; ++i)
        many += "\xE2\x80\x94 name AAAAAAAA\n";
    CHECK(is_refused(many));
    CHECK(is_refused(std::string(70'000, 'x') + "\n" + good));

    const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    CHECK(checkpoint_from("o\n0\n" + root));
    CHECK(checkpoint_from("o\n0\n" + root + "extension\n"));
    for (const std::string& text : std::vector<std::string>{
             "o\n0\n",
             "\n0\n" + root,
             "o\n00\n" + root,
             "o\n-1\n" + root,
             "o\n 1\n" + root,
             "o\n99999999999999999999\n" + root,
             "o\n0\nAAAA\n",
             "o\n0\n" + root + "\n",
             "o\n0\n" + root + "a\n\nb\n",
             "o\n0\n" + root.substr(0, root.size() - 1)
         }) {
        CAPTURE(text);
        CHECK_FALSE(checkpoint_from(text));
    }
}

}  // namespace
}  // namespace sluice::ledger
