"""What charts are made of: medicines by name with their classes, and codes of what has no value set yet."""

from __future__ import annotations

from .story import Remedy

SCT, LOINC, CPT = "http://snomed.info/sct", "http://loinc.org", "http://www.ama-assn.org/go/cpt"
ICD, RXNORM = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.nlm.nih.gov/research/umls/rxnorm"
LOCAL = "https://example.org/fhir/CodeSystem/posterior-hip-pathway"


def _r(text: str, classes: str, rxnorm: str | None = None, ingredient: str | None = None) -> Remedy:
    return Remedy(text, ingredient or text.split()[0].lower(), frozenset(classes.split()), rxnorm)


OPIOIDS = (
    _r("oxycodone", "opioid", "7804"),
    _r("hydrocodone", "opioid", "5489"),
    _r("tramadol 50 mg tablet", "opioid tramadol", "10689"),
    _r("Tapentadol", "opioid tramadol", "787390"),
    _r("morphine 15 MG Oral Tablet", "opioid", "7052"),
    _r("Ultram 50 mg", "opioid tramadol", ingredient="tramadol"),
    _r("Percocet", "opioid acetaminophen", ingredient="oxycodone"),
    _r("codeine", "opioid", "2670"),
    _r("buprenorphine", "opioid", "1819"),
    _r("methadone", "opioid", "6813"),
    _r("fentanyl 25 mcg/h patch", "opioid", "4337"),
)
GABAPENTINOIDS = (
    _r("gabapentin", "gabapentinoid", "25480"),
    _r("pregabalin", "gabapentinoid", "187832"),
    _r("gabapentin 600 MG Oral Tablet", "gabapentinoid"),
    _r("Lyrica 150 mg", "gabapentinoid", ingredient="pregabalin"),
    _r("Gralise 600 mg", "gabapentinoid", ingredient="gabapentin"),
    _r("Neurontin", "gabapentinoid", ingredient="gabapentin"),
)
TRICYCLICS = (
    _r("amitriptyline", "tca", "704"),
    _r("nortriptyline", "tca", "7531"),
    _r("Pamelor", "tca", ingredient="nortriptyline"),
    _r("doxepin", "tca"),
)
SNRIS = (
    _r("duloxetine", "snri", "72625"),
    _r("venlafaxine", "snri", "39786"),
    _r("Cymbalta 30 mg", "snri", ingredient="duloxetine"),
    _r("milnacipran", "snri"),
)
BENZODIAZEPINES = (
    _r("lorazepam", "benzodiazepine"),
    _r("diazepam", "benzodiazepine", "3322"),
    _r("Xanax 0.5 mg", "benzodiazepine", ingredient="alprazolam"),
)
NSAIDS = (
    _r("naproxen", "nsaid"),
    _r("ibuprofen 400 mg", "nsaid", "5640"),
    _r("diclofenac", "nsaid", "3355"),
    _r("celecoxib", "nsaid", "140587"),
    _r("Voltaren gel", "topical-nsaid", ingredient="diclofenac"),
    _r("diclofenac sodium 1 % topical gel", "topical-nsaid"),
)
RELAXANTS = (
    _r("cyclobenzaprine", "relaxant"),
    _r("carisoprodol", "relaxant", "2101"),
    _r("tizanidine", "relaxant"),
    _r("baclofen 10 mg", "relaxant"),
    _r("methocarbamol", "relaxant"),
)
OTHERS = (
    _r("prednisone 10 mg", "steroid"),
    _r("methylprednisolone 4 mg", "steroid"),
    _r("dexamethasone", "steroid"),
    _r("zolpidem", "z-drug"),
    _r("sertraline", "ssri"),
    _r("fluvoxamine", "ssri cyp1a2"),
    _r("ciprofloxacin", "cyp1a2"),
    _r("phenelzine", "maoi"),
    _r("linezolid", "maoi linezolid"),
    _r("sumatriptan", "triptan"),
    _r("apixaban", "anticoagulant"),
    _r("Coumadin 5 mg", "anticoagulant", ingredient="warfarin"),
    _r("clopidogrel", "antiplatelet"),
    _r("lisinopril", "acei"),
    _r("losartan", "arb"),
    _r("furosemide", "diuretic"),
    _r("naloxone", "naloxone", "7242"),
    _r("Narcan 4 mg", "naloxone", ingredient="naloxone"),
    _r("acetaminophen 500 mg", "acetaminophen"),
    _r("omeprazole 20 mg", "ppi", "7646"),
    _r("pantoprazole", "ppi", "40790"),
    _r("lidocaine 5 % patch", "lidocaine"),
    _r("capsaicin", "capsaicin"),
    _r("onabotulinumtoxinA", "botulinum"),
    _r("quetiapine", "antipsychotic"),
    _r("oxcarbazepine", "antiepileptic"),
)
EVERY = OPIOIDS + GABAPENTINOIDS + TRICYCLICS + SNRIS + BENZODIAZEPINES + NSAIDS + RELAXANTS + OTHERS
# Nobody here has anything to say about these.
IRRELEVANT = (_r("levothyroxine 50 mcg", ""), _r("atorvastatin", ""), _r("metformin", ""))

# Words by which allergies name a whole class.
CLASS_WORDS = {
    "opioid": "Opioids",
    "gabapentinoid": "Gabapentinoids",
    "tca": "Tricyclic antidepressants",
    "snri": "SNRI",
    "benzodiazepine": "Benzodiazepines",
}

# Orders of the session that are not medicines: code system, code, text.
Service = tuple[str, str, str]
PHYSIOTHERAPY: tuple[Service, ...] = (
    (SCT, "91251008", "Physical therapy procedure"),
    (SCT, "229065009", "Exercise therapy"),
    (CPT, "97161", "Physical therapy evaluation"),
)
PELVIC_FLOOR: tuple[Service, ...] = (
    (LOCAL, "pelvic-floor-therapy", "Pelvic floor therapy"),
    (LOCAL, "pelvic-floor-muscle-training", "Pelvic floor muscle training"),
)
INJECTIONS: tuple[Service, ...] = (
    (LOCAL, "injection-piriformis", "Piriformis injection"),
    (LOCAL, "injection-perisciatic", "Perisciatic injection"),
    (LOCAL, "injection-ischiofemoral", "Ischiofemoral injection"),
    (LOCAL, "injection-hamstring-origin", "Hamstring origin injection"),
    (LOCAL, "injection-botulinum", "Botulinum toxin injection, piriformis"),
    (SCT, "404909007", "Injection of botulinum toxin"),
)
REGENERATIVE: tuple[Service, ...] = (
    (LOCAL, "injection-prp", "Platelet-rich plasma injection"),
    (LOCAL, "injection-prolotherapy", "Prolotherapy"),
)
IMAGING: tuple[Service, ...] = (
    (SCT, "241639000", "Magnetic resonance imaging of hip"),
    (LOINC, "24867-4", "MR Pelvis"),
    (LOINC, "24967-2", "MR Lumbar spine"),
    (LOINC, "24865-8", "CT Pelvis"),
    (LOINC, "36014-9", "CT Hip"),
    (LOINC, "24963-1", "CT Lumbar spine"),
    (LOINC, "24762-7", "XR Hip Views"),
)
SURGERY: tuple[Service, ...] = (
    (LOCAL, "surgery-sciatic-decompression", "Sciatic nerve decompression"),
    (LOCAL, "surgery-piriformis-tenotomy", "Piriformis tenotomy"),
    (LOCAL, "surgery-lesser-trochanter-resection", "Lesser trochanter resection"),
    (LOCAL, "surgery-femoral-osteotomy", "Femoral osteotomy"),
    (LOCAL, "referral-hip-nerve-surgery", "Referral to hip nerve surgery"),
)
NERVE_STUDIES: tuple[Service, ...] = (
    (SCT, "183840006", "Nerve conduction study"),
    (CPT, "95886", "Needle electromyography"),
)
REFERRALS: tuple[Service, ...] = (
    (SCT, "306265007", "Referral to pain management specialist"),
    (SCT, "183545006", "Referral to orthopedic service"),
    (SCT, "183521007", "Referral to neurology service"),
    (SCT, "308482002", "Referral to neurosurgeon"),
    (SCT, "183840006", "Refer for nerve conduction study"),
    (SCT, "306237005", "Referral to palliative care service"),
)
ORDERED = PHYSIOTHERAPY + PELVIC_FLOOR + INJECTIONS + REGENERATIVE + IMAGING + SURGERY + REFERRALS
ORDER_DETAILS = (
    "agent-corticosteroid",
    "agent-local-anaesthetic",
    "guidance-ultrasound",
    "guidance-ct",
    "intent-diagnostic",
    "intent-therapeutic",
    "in-registered-trial",
    "protocol-postoperative",
    "treatment-manual-therapy",
    "treatment-ultrasound-therapy",
)
TREATMENTS: tuple[Service, ...] = (
    (LOCAL, "treatment-strengthening", "Strengthening"),
    (LOCAL, "treatment-manual-therapy", "Manual therapy"),
    (SCT, "229070002", "Stretching exercises"),
    (SCT, "387854002", "Massage physiotherapy"),
    (SCT, "266694003", "Heat therapy"),
    (SCT, "91251008", "Physical therapy procedure"),
    (LOCAL, "treatment-movement-re-education", "Movement re-education"),
    (LOCAL, "reassessment", "Reassessment"),
    (LOCAL, "physio-discharge", "Discharge from physiotherapy"),
    (SCT, "311401005", "Patient education"),
    (LOCAL, "surgery-piriformis-tenotomy", "Piriformis tenotomy"),
)
FINDINGS = (
    "finding-sciatic-nerve-compression",
    "finding-quadratus-femoris-oedema",
    "finding-narrow-ischiofemoral-space",
    "finding-mass-on-nerve",
    "finding-hamstring-avulsion-complete",
)
EXAMINATIONS = (
    "exam-fair",
    "exam-pace",
    "exam-long-stride",
    "exam-straight-leg-raise",
    "exam-neurology",
    "exam-step-down",
    "exam-active-hamstring-30",
)
SCORES = (
    "ihot12-total",
    "lefs-total",
    "hagos-pain",
    "hagos-adl",
    "ihot33-total",
    "dn4-total",
    "paindetect-total",
    "slanss-total",
)
